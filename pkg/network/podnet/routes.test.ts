import { expect, test } from 'vitest';
import type { HostRoute } from './host-links.ts';
import { routeChanges, ROUTE_PROTOCOL } from './routes.ts';

function has(destination: string, gateway: string, device = 'eth0', protocol = ROUTE_PROTOCOL): HostRoute {
  return { destination, gateway, device, protocol };
}

test('changes are what is missing, what leads elsewhere, and what nobody wants', () => {
  const route = (destination: string, gateway: string, device = 'eth0') => ({ destination, gateway, device });
  const current = [has('a', '1'), has('b', '2'), has('c', '3'), has('e', '5'), has('f', '6', 'eth0', 'static')];
  const wanted = [route('a', '1'), route('b', '9'), route('d', '4'), route('e', '5', 'eth1'), route('f', '6')];
  expect(routeChanges(current, wanted)).toEqual({
    set: [route('b', '9'), route('d', '4'), route('e', '5', 'eth1'), route('f', '6')],
    remove: [route('c', '3')],
  });
});
