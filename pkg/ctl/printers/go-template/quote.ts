// A string as Go's %q writes it. Pure.

/** As %q. */
export function goQuoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\u0007': '\\a', '\v': '\\v', '\b': '\\b', '\f': '\\f' };
  return `"${Array.from(text, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '\t') return '\\t';
    const named = escapes[char];
    if (named !== undefined) return named;
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
    return char;
  }).join('')}"`;
}
