// The files that `proxy --www` serves: as they are, with ranges and dates; folders by their index.html or as a list of links.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readdir } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import express from 'express';

export type FileHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** `prefix` ends with a slash. */
export function staticFiles(directory: string, prefix: string): FileHandler {
  const app = express();
  app.disable('x-powered-by');
  app.use(prefix, express.static(directory, { dotfiles: 'allow', cacheControl: false }));
  app.use(prefix, (request, response) => {
    void listing(directory, request.path).then((html) => {
      if (html === undefined) response.status(404).type('text/plain').send('404 page not found\n');
      else response.type('text/html').send(html);
    });
  });
  return (request, response) => {
    app(request, response);
  };
}

/** Undefined when there is no such folder. */
async function listing(directory: string, path: string): Promise<string | undefined> {
  if (!path.endsWith('/')) return undefined;
  let entries;
  try {
    // Normalised as an absolute path, it cannot leave the folder.
    entries = await readdir(join(directory, normalize(`/${decodeURIComponent(path)}`)), { withFileTypes: true });
  } catch {
    return undefined; // no folder, or none that may be read
  }
  const links = entries
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
    .map((name) => `<a href="${encodeURI(name)}">${escapeHtml(name)}</a>\n`);
  return `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${links.join('')}</pre>\n`;
}

const SIGNS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => SIGNS[sign] ?? sign);
}
