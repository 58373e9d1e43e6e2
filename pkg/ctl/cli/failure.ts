// The ways in which a command cannot go on, and the text that kubectl prints for each. One place turns errors into what
// the user reads, so that every verb says the same thing about the same fault.
import { isApiError, type ApiError } from '../../api/meta/status.ts';
import { UnreachableError } from '../../client/transport.ts';
import { KubeConfigError } from '../../client/kubeconfig.ts';

/** A plain sentence, printed behind `error: ` unless it says so itself. */
export class Failure extends Error {
  override readonly name: string = 'Failure';
  readonly exitCode: number;
  /** Whether the command's help stands on stdout before the sentence. */
  readonly showsHelp: boolean;

  constructor(message: string, options: { cause?: unknown; exitCode?: number; showsHelp?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
    this.showsHelp = options.showsHelp ?? false;
  }
}

/** Wrong arguments: followed by where to read about the command. */
export class UsageFailure extends Failure {
  override readonly name = 'UsageFailure';
}

/** Printed as it is, without `error: `. An empty text prints nothing. */
export class PlainFailure extends Failure {
  override readonly name = 'PlainFailure';
}

/** An object could not be printed whole: what was printed of it, and what there is to say about it, goes to stdout. */
export class PrintFailure extends Failure {
  override readonly name = 'PrintFailure';
  readonly printed: string;
  constructor(message: string, printed: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.printed = printed;
  }
}

/** What failures have left for stdout. */
export function printedBy(error: unknown): string {
  if (error instanceof SeveralFailures) return error.failures.map(printedBy).join('');
  return error instanceof PrintFailure ? error.printed : '';
}

/** Several things failed; each gets a line of its own. */
export class SeveralFailures extends Failure {
  override readonly name = 'SeveralFailures';
  readonly failures: readonly unknown[];
  constructor(failures: readonly unknown[]) {
    super(failures.map((failure) => messageOf(failure)).join('\n'));
    this.failures = failures;
  }
}

/** Throws what was collected: nothing, the one failure, or all of them. */
export function throwCollected(failures: readonly unknown[]): void {
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new SeveralFailures(failures);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What stands on stderr for an error; `command` is the full name, for the pointer to its help. Ends with a newline. */
export function renderFailure(error: unknown, command: string, server: string): string {
  const text = failureText(error, command, server);
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

export function exitCodeOf(error: unknown): number {
  return error instanceof Failure ? error.exitCode : 1;
}

function failureText(error: unknown, command: string, server: string): string {
  if (error instanceof SeveralFailures) {
    // Several at once are told as they are: only one alone is called an error.
    const lines = error.failures.map((failure) =>
      failure instanceof Failure ? failure.message : lineOf(failure, server),
    );
    return lines.map((line) => (line.endsWith('\n') ? line : `${line}\n`)).join('');
  }
  if (isApiError(error) && error.reason === 'Invalid') return invalidText(error);
  if (error instanceof UsageFailure) return `${lineOf(error, server)}\nSee '${command} -h' for help and examples`;
  return lineOf(error, server);
}

function lineOf(error: unknown, server: string): string {
  if (error instanceof PlainFailure) return error.message;
  if (isApiError(error)) {
    if (error.reason === 'Unauthorized') return `error: You must be logged in to the server (${error.message})`;
    return error.reason === '' || error.reason === 'Unknown'
      ? `Error from server: ${error.message}`
      : `Error from server (${error.reason}): ${error.message}`;
  }
  if (error instanceof UnreachableError) return unreachableText(error, server);
  if (error instanceof KubeConfigError && !error.message.endsWith('does not exist')) return `error: ${error.message}`;
  const message = messageOf(error);
  return message.startsWith('error: ') ? message : `error: ${message}`;
}

/** `The Pod "x" is invalid: ` and its causes, one a line when there are several. */
function invalidText(error: ApiError): string {
  const details = error.status.details;
  if (details === undefined) return 'The request is invalid';
  const named = (details.kind ?? '') !== '' || (details.name ?? '') !== '';
  const causes = [...new Set((details.causes ?? []).map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`))];
  const start = named
    ? `The ${details.kind ?? ''} ${JSON.stringify(details.name ?? '')} is invalid`
    : 'The request is invalid';
  if (causes.length === 0) return named || error.message === '' ? start : `${start}: ${error.message}`;
  if (causes.length === 1) return `${start}: ${causes[0] ?? ''}`;
  return `${start}: \n${causes.map((cause) => `* ${cause}\n`).join('')}`;
}

/** What is said of a server that cannot be reached. `server`: its URL. */
export function unreachableText(error: Error, server: string): string {
  const codes = causeCodes(error);
  const host = hostOf(server);
  if (codes.includes('ECONNREFUSED'))
    return `The connection to the server ${host} was refused - did you specify the right host or port?`;
  return `Unable to connect to the server: ${certificateText(error, codes) ?? deepestMessage(error)}`;
}

const UNKNOWN_AUTHORITY = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

/** What Go says of a certificate that it does not accept; undefined for other troubles. */
function certificateText(error: Error, codes: readonly string[]): string | undefined {
  const start = 'tls: failed to verify certificate: x509:';
  if (codes.some((code) => UNKNOWN_AUTHORITY.includes(code))) return `${start} certificate signed by unknown authority`;
  if (!codes.includes('ERR_TLS_CERT_ALTNAME_INVALID')) return undefined;
  const names = /Host: (\S+?)\. is not in the cert's altnames: (.*)$/.exec(deepestMessage(error));
  if (names === null) return undefined;
  const valid = (names[2] ?? '').split(', ').filter((name) => name.startsWith('DNS:'));
  return `${start} certificate is valid for ${valid.map((name) => name.slice(4)).join(', ')}, not ${names[1]}`;
}

function hostOf(server: string): string {
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

function causeCodes(error: unknown): string[] {
  const codes: string[] = [];
  for (let here: unknown = error, depth = 0; here instanceof Error && depth < 10; here = here.cause, depth++) {
    if ('code' in here && typeof here.code === 'string') codes.push(here.code);
    if (here instanceof AggregateError) for (const inner of here.errors) codes.push(...causeCodes(inner));
  }
  return codes;
}

function deepestMessage(error: Error): string {
  let here: Error = error;
  for (let depth = 0; here.cause instanceof Error && depth < 10; depth++) here = here.cause;
  return here.message === '' ? error.message : here.message;
}
