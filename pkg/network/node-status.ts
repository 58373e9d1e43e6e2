// What a node's network tells at the health port of Service proxies: to load balancers whether to send traffic here, to other nodes
// when the API server last spoke to this one.
import { API_CONTACT_PATH, type ApiContact } from './announce/api-contact.ts';
import type { ProxyHealth } from './proxy/proxy-health.ts';
import type { StatusPages } from './status-server.ts';

export function nodeStatusPages(health: ProxyHealth, contact: ApiContact): StatusPages {
  const json = (answer: { status: number; body: string }) => ({ ...answer, contentType: 'application/json' });
  return {
    '/healthz': () => json(health.healthz()),
    '/livez': () => json(health.livez()),
    [API_CONTACT_PATH]: () => contact.page(),
  };
}
