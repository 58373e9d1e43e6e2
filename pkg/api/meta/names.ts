// The kinds of names that Kubernetes knows and the sentences it says when a text is not one. Every check answers with the
// faults it found, none for a good name. Source of the rules: k8s.io/apimachinery/pkg/util/validation and
// pkg/api/validation; sentences are theirs, word for word.

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const WILDCARD_SUBDOMAIN = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const C_IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ENV_VAR_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const HTTP_HEADER = /^[-A-Za-z0-9]+$/;
const PORT_NAME_CHARACTERS = /^[-a-z0-9]+$/;
const PRINTABLE_ASCII = /^[ -~]*$/;

export const LABEL_MESSAGE =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
export const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const DNS_1035_MESSAGE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const WILDCARD_MESSAGE =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE_MESSAGE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const C_IDENTIFIER_MESSAGE =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
const RELAXED_ENV_VAR_MESSAGE =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";
const ENV_VAR_MESSAGE =
  "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')";
const CONFIG_KEY_MESSAGE =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const HTTP_HEADER_MESSAGE =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

export function tooLong(limit: number): string {
  return `must be no more than ${limit} bytes`;
}

const bytesIn = (text: string): number => Buffer.byteLength(text);

/** A DNS label (RFC 1123): at most 63 lower case letters, digits and dashes. */
export function dnsLabelFaults(text: string): string[] {
  const faults: string[] = [];
  if (bytesIn(text) > 63) faults.push(tooLong(63));
  if (!DNS_LABEL.test(text)) {
    if (DNS_SUBDOMAIN.test(text)) faults.push('must not contain dots');
    else faults.push(LABEL_MESSAGE);
  }
  return faults;
}

/** A DNS subdomain (RFC 1123): at most 253 characters of labels joined by dots. */
export function dnsSubdomainFaults(text: string): string[] {
  const faults: string[] = [];
  if (bytesIn(text) > 253) faults.push(tooLong(253));
  if (!DNS_SUBDOMAIN.test(text)) faults.push(SUBDOMAIN_MESSAGE);
  return faults;
}

/** A DNS label that begins with a letter (RFC 1035), as Service names are. */
export function dns1035LabelFaults(text: string): string[] {
  const faults: string[] = [];
  if (bytesIn(text) > 63) faults.push(tooLong(63));
  if (!DNS_1035_LABEL.test(text)) faults.push(DNS_1035_MESSAGE);
  return faults;
}

/** `*.` and a DNS subdomain. */
export function wildcardSubdomainFaults(text: string): string[] {
  const faults: string[] = [];
  if (bytesIn(text) > 253) faults.push(tooLong(253));
  if (!WILDCARD_SUBDOMAIN.test(text)) faults.push(WILDCARD_MESSAGE);
  return faults;
}

/** `name` or `prefix/name`, as keys of labels and annotations are. */
export function qualifiedNameFaults(text: string): string[] {
  const faults: string[] = [];
  const parts = text.split('/');
  let name = text;
  if (parts.length > 2) {
    return [
      `a qualified name ${QUALIFIED_MESSAGE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (parts.length === 2) {
    const [prefix = '', rest = ''] = parts;
    name = rest;
    if (prefix === '') faults.push('prefix part must be non-empty');
    else faults.push(...dnsSubdomainFaults(prefix).map((fault) => `prefix part ${fault}`));
  }
  if (name === '') faults.push('name part must be non-empty');
  else if (bytesIn(name) > 63) faults.push(`name part ${tooLong(63)}`);
  if (!QUALIFIED_NAME.test(name)) faults.push(`name part ${QUALIFIED_MESSAGE}`);
  return faults;
}

export function labelValueFaults(text: string): string[] {
  const faults: string[] = [];
  if (bytesIn(text) > 63) faults.push(tooLong(63));
  if (!LABEL_VALUE.test(text)) faults.push(LABEL_VALUE_MESSAGE);
  return faults;
}

export function cIdentifierFaults(text: string): string[] {
  return C_IDENTIFIER.test(text) ? [] : [C_IDENTIFIER_MESSAGE];
}

/** Since 1.34 environment variables may have any printable ASCII but `=`. */
export function envVarNameFaults(text: string): string[] {
  if (text === '') return ['environment variable name must be non-empty'];
  return PRINTABLE_ASCII.test(text) && !text.includes('=') ? [] : [RELAXED_ENV_VAR_MESSAGE];
}

/** The narrower names of before 1.34, which ConfigMap and Secret keys taken as variables still follow. */
export function strictEnvVarNameFaults(text: string): string[] {
  return [...(ENV_VAR_NAME.test(text) ? [] : [ENV_VAR_MESSAGE]), ...pathFaults(text)];
}

/** A key of a ConfigMap or Secret: also a file name. */
export function configKeyFaults(text: string): string[] {
  const faults: string[] = [];
  if (bytesIn(text) > 253) faults.push(tooLong(253));
  if (!CONFIG_KEY.test(text)) faults.push(CONFIG_KEY_MESSAGE);
  faults.push(...pathFaults(text));
  return faults;
}

function pathFaults(text: string): string[] {
  if (text === '.') return ["must not be '.'"];
  if (text === '..') return ["must not be '..'"];
  if (text.startsWith('..')) return ["must not start with '..'"];
  return [];
}

export function httpHeaderFaults(text: string): string[] {
  return HTTP_HEADER.test(text) ? [] : [HTTP_HEADER_MESSAGE];
}

/** An IANA service name, as container port names are. */
export function portNameFaults(text: string): string[] {
  const faults: string[] = [];
  if (text.length > 15) faults.push(tooLong(15));
  if (!PORT_NAME_CHARACTERS.test(text))
    faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) faults.push('must contain at least one letter (a-z)');
  if (text.includes('--')) faults.push('must not contain consecutive hyphens');
  if (text !== '' && (text.startsWith('-') || text.endsWith('-'))) {
    faults.push('must not begin or end with a hyphen');
  }
  return faults;
}

export function portNumberFaults(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** How kinds name their objects: faults of a name, or of a generateName when `prefix`. */
export type NameRule = (name: string, prefix: boolean) => string[];

const maskedDash = (name: string, prefix: boolean): string =>
  prefix && name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;

/** Most kinds: a DNS subdomain. */
export const subdomainName: NameRule = (name, prefix) => dnsSubdomainFaults(maskedDash(name, prefix));
/** Namespaces and a few others: a DNS label. */
export const labelName: NameRule = (name, prefix) => dnsLabelFaults(maskedDash(name, prefix));
/** Services: a DNS label that begins with a letter. */
export const dns1035Name: NameRule = (name, prefix) => dns1035LabelFaults(maskedDash(name, prefix));
/** RBAC kinds and what else may hold any text that is one path segment. */
export const pathSegmentName: NameRule = (name, prefix) => {
  if (name === '.' || name === '..') return prefix ? [] : [`may not be '${name}'`];
  const faults: string[] = [];
  if (name.includes('/')) faults.push("may not contain '/'");
  if (name.includes('%')) faults.push("may not contain '%'");
  return faults;
};
