import { describe, expect, test } from 'vitest';
import { filterOf, pathBelow } from './filter.ts';

const DEFAULTS = {
  'accept-paths': '^.*',
  'reject-paths': '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach',
  'accept-hosts': '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$',
  'reject-methods': '^$',
};
const asked = { method: 'GET', path: '/api/v1/pods', host: 'localhost:8001' };

describe('the filter of proxy', () => {
  test.each([
    { name: 'an ordinary request', flags: {}, request: asked, passes: true },
    { name: 'a host without a port', flags: {}, request: { ...asked, host: '127.0.0.1' }, passes: true },
    { name: 'a foreign host', flags: {}, request: { ...asked, host: 'evil.example:8001' }, passes: false },
    { name: 'no host', flags: {}, request: { ...asked, host: '' }, passes: false },
    {
      name: 'exec in a pod',
      flags: {},
      request: { ...asked, path: '/api/v1/namespaces/x/pods/y/exec' },
      passes: false,
    },
    {
      name: 'exec in a pod when nothing is rejected',
      flags: { 'reject-paths': '' },
      request: { ...asked, path: '/api/v1/namespaces/x/pods/y/exec' },
      passes: true,
    },
    {
      name: 'a rejected method',
      flags: { 'reject-methods': 'POST,PUT' },
      request: { ...asked, method: 'PUT' },
      passes: false,
    },
    { name: 'a path beside those accepted', flags: { 'accept-paths': '^/apis' }, request: asked, passes: false },
  ])('$name: $passes', ({ flags, request, passes }) => {
    expect(filterOf({ ...DEFAULTS, ...flags })(request)).toBe(passes);
  });

  test('refuses what is no expression', () => {
    expect(() => filterOf({ ...DEFAULTS, 'accept-paths': '(' })).toThrow('Error compiling re');
  });
});

test.each([
  { prefix: '/', path: '/api/v1', below: '/api/v1' },
  { prefix: '/custom/', path: '/custom/api/v1', below: '/api/v1' },
  { prefix: '/custom/', path: '/api/v1', below: undefined },
  { prefix: '/api/', path: '/api/v1', below: '/api/v1' },
  { prefix: '/k8s-api/', path: '/k8s-api/', below: '/' },
])('$path below $prefix is $below', ({ prefix, path, below }) => {
  expect(pathBelow(prefix, path)).toBe(below);
});
