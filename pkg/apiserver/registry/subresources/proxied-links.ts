// What a page behind `/proxy` calls `/x` lies at `.../proxy/x` for whoever asked: Location headers and the links of HTML are
// put below the path that the request came by. k8s.io/apimachinery/pkg/util/proxy/transport.go. Pure.

/** Where the page is: as this server sees it, and as the client does. */
export interface ProxiedFrom {
  /** The path that all of the other server lies below, such as `/api/v1/namespaces/n/pods/p/proxy`. */
  readonly prefix: string;
  /** `host:port` of the other server. */
  readonly target: string;
  /** The Host header of the request. */
  readonly host: string;
}

/** Attributes that hold a URL, by element: those of HTML 4 and 5. */
const LINKS: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** A comment, what a script or a style holds, or the start of an element. */
const PIECES =
  /<!--[\s\S]*?-->|(?<=<(?:script|style)\b[^>]*>)[\s\S]*?(?=<\/(?:script|style)\s*>)|<([a-zA-Z][a-zA-Z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>/gi;
const ATTRIBUTES = /([^\s"'=<>/]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)/g;

/** The URL as the client has to ask for it; relative ones and those of other hosts stay. */
export function proxiedUrl(url: string, from: ProxiedFrom): string {
  const parts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*:)?\/\/([^/?#]*))?([^?#]*)(.*)$/s.exec(url);
  const [, , authority = '', path = '', rest = ''] = parts ?? [];
  const foreign = authority !== '' && authority !== from.target && authority !== from.host;
  if (foreign || !path.startsWith('/') || path.startsWith(from.prefix)) return url;
  return `${from.prefix}${path.replaceAll(/\/+/g, '/')}${rest}`;
}

export function proxiedHtml(page: string, from: ProxiedFrom): string {
  return page.replace(PIECES, (piece: string, element: string | undefined, attributes: string | undefined) => {
    const links = LINKS[element?.toLowerCase() ?? ''];
    if (element === undefined || attributes === undefined || links === undefined) return piece;
    const changed = attributes.replace(ATTRIBUTES, (text: string, name: string, equals: string, value: string) => {
      if (!links.includes(name.toLowerCase())) return text;
      const quote = value.startsWith('"') || value.startsWith("'") ? value.slice(0, 1) : '';
      const url = quote === '' ? value : value.slice(1, -1);
      return `${name}${equals}${quote}${proxiedUrl(url, from)}${quote}`;
    });
    return `<${element}${changed}>`;
  });
}
