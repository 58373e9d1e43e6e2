// What a node's network tells at the health port of Service proxies: to load balancers whether to send traffic here, to other nodes
// when the API server last spoke to this one.
import type { HealthSlis } from '../metrics/health-slis.ts';
import { API_CONTACT_PATH, type ApiContact } from './announce/api-contact.ts';
import type { ProxyHealth } from './proxy/proxy-health.ts';
import type { StatusPages } from './status-server.ts';

/** `slis`: where what was answered is counted. */
export function nodeStatusPages(health: ProxyHealth, contact: ApiContact, slis?: HealthSlis): StatusPages {
  const told = (type: 'healthz' | 'livez') => {
    const answer = health[type]();
    slis?.observed('proxy', type, answer.status === 200);
    return { ...answer, contentType: 'application/json' };
  };
  return {
    '/healthz': () => told('healthz'),
    '/livez': () => told('livez'),
    [API_CONTACT_PATH]: () => contact.page(),
  };
}
