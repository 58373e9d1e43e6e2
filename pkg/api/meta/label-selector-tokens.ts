// Cuts the text of a label selector into tokens: brackets, commas, operators and words.

export type TokenKind = 'identifier' | 'in' | 'notin' | '=' | '==' | '!=' | '!' | '>' | '<' | '(' | ')' | ',' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const TOKEN = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^=!(),<> \t\r\n]+))/y;

const SYMBOLS: Readonly<Record<string, TokenKind>> = {
  '=': '=',
  '==': '==',
  '!=': '!=',
  '!': '!',
  '>': '>',
  '<': '<',
  '(': '(',
  ')': ')',
  ',': ',',
};

/** All tokens up to the end, which is not one of them. Every text can be cut; what it means is the parser's business. */
export function scanSelector(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [, symbol, word = ''] = match;
    if (symbol !== undefined) tokens.push({ kind: SYMBOLS[symbol] ?? 'identifier', text: symbol });
    else tokens.push({ kind: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
  }
  return tokens;
}
