// `$(VAR)` in command, args, env values and subPathExpr: k8s.io/kubernetes/third_party/forked/golang/expansion. `$$` is a
// dollar sign, `$(UNKNOWN)` and an unclosed `$(` stay as they are.

export type Lookup = (name: string) => string | undefined;

export function expand(text: string, lookup: Lookup): string {
  if (!text.includes('$')) return text;
  let out = '';
  let copied = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] !== '$' || at + 1 >= text.length) continue;
    out += text.slice(copied, at);
    const { replacement, consumed } = reference(text, at + 1, lookup);
    out += replacement;
    at += consumed;
    copied = at + 1;
  }
  return out + text.slice(copied);
}

function reference(text: string, at: number, lookup: Lookup): { replacement: string; consumed: number } {
  if (text[at] === '$') return { replacement: '$', consumed: 1 };
  if (text[at] !== '(') return { replacement: `$${text[at]}`, consumed: 1 };
  const close = text.indexOf(')', at);
  if (close < 0) return { replacement: '$(', consumed: 1 };
  const name = text.slice(at + 1, close);
  return { replacement: lookup(name) ?? `$(${name})`, consumed: close - at + 1 };
}
