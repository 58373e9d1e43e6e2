// What `config set` and `config unset` may name: the fields of a kubeconfig by their path, as `clusters.NAME.server`.
// Names of entries may hold dots. Pure; throws Failure for a path that leads nowhere and a value of the wrong type.
import type { Json } from '../../api/schema/json.ts';
import { Failure } from '../cli/failure.ts';
import type { Section } from './config-files.ts';

type Kind = 'text' | 'flag' | 'bytes' | 'list';

const FIELDS: Readonly<Record<Section, Readonly<Record<string, Kind>>>> = {
  clusters: {
    server: 'text',
    'tls-server-name': 'text',
    'insecure-skip-tls-verify': 'flag',
    'certificate-authority': 'text',
    'certificate-authority-data': 'bytes',
    'proxy-url': 'text',
    'disable-compression': 'flag',
  },
  contexts: { cluster: 'text', user: 'text', namespace: 'text' },
  users: {
    'client-certificate': 'text',
    'client-certificate-data': 'bytes',
    'client-key': 'text',
    'client-key-data': 'bytes',
    token: 'text',
    tokenFile: 'text',
    as: 'text',
    'as-uid': 'text',
    'as-groups': 'list',
    username: 'text',
    password: 'text',
  },
};

export type Property =
  | { readonly kind: 'current-context' }
  | { readonly kind: 'colors' }
  | { readonly kind: 'section'; readonly section: Section }
  | { readonly kind: 'entry'; readonly section: Section; readonly name: string }
  | { readonly kind: 'field'; readonly section: Section; readonly name: string; readonly field: string };

export function readProperty(path: string): Property {
  if (path === 'current-context') return { kind: 'current-context' };
  if (path === 'preferences.colors') return { kind: 'colors' };
  const [section = '', ...rest] = path.split('.');
  if (section !== 'clusters' && section !== 'contexts' && section !== 'users')
    throw new Failure(`unable to parse ${path} after [] at api.Config`);
  if (rest.length === 0) return { kind: 'section', section };
  const field = rest.at(-1) ?? '';
  if (rest.length > 1 && field in FIELDS[section])
    return { kind: 'field', section, name: rest.slice(0, -1).join('.'), field };
  return { kind: 'entry', section, name: rest.join('.') };
}

/** The value as it stands in the file. `raw`: bytes are already in base64. */
export function propertyValue(section: Section, field: string, text: string, raw: boolean): Json {
  const kind = FIELDS[section][field] ?? 'text';
  switch (kind) {
    case 'flag':
      if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
      if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
      throw new Failure(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
    case 'bytes':
      if (raw) return Buffer.from(text).toString('base64');
      if (!isBase64(text))
        throw new Failure(`error decoding input value: illegal base64 data at input byte ${firstWrongByte(text)}`);
      return text;
    case 'list':
      return text.split(',');
    case 'text':
      return text;
  }
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}

/** Where Go's decoder stops: at the sign that is none, or at the group of four that is not whole. */
function firstWrongByte(text: string): number {
  const sign = /[^A-Za-z0-9+/=]/.exec(text);
  return sign?.index ?? text.length - (text.length % 4);
}
