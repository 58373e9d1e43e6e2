// Which ports the arguments of `port-forward` mean.
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../api/schema/json.ts';
import { forwardedPorts } from './forwarded-ports.ts';

const pod = {
  metadata: { name: 'p' },
  spec: { containers: [{ ports: [{ name: 'http', containerPort: 8080 }] }] },
};
const service: JsonObject = {
  metadata: { name: 's' },
  spec: {
    clusterIP: '10.0.0.1',
    ports: [
      { name: 'web', port: 80, targetPort: 'http' },
      { name: 'raw', port: 81, targetPort: 9001 },
      { name: 'same', port: 82 },
    ],
  },
};
const headless: JsonObject = {
  metadata: { name: 's' },
  spec: { clusterIP: 'None', ports: [{ name: 'raw', port: 81, targetPort: 9001 }] },
};

describe('port-forward', () => {
  test.each([
    { word: '80', of: undefined, want: { local: 80, remote: 80 } },
    { word: '8000:80', of: undefined, want: { local: 8000, remote: 80 } },
    { word: ':80', of: undefined, want: { local: 0, remote: 80 } },
    { word: 'http', of: undefined, want: { local: 8080, remote: 8080 } },
    { word: '80', of: service, want: { local: 80, remote: 8080 } },
    { word: 'web', of: service, want: { local: 80, remote: 8080 } },
    { word: '9000:raw', of: service, want: { local: 9000, remote: 9001 } },
    { word: '82', of: service, want: { local: 82, remote: 82 } },
    { word: '81', of: headless, want: { local: 81, remote: 81 } },
  ])('takes $word', ({ word, of, want }) => {
    expect(forwardedPorts([word], pod, of)).toEqual([want]);
  });

  test.each([
    { word: '1:2:3', of: undefined, message: "invalid port format '1:2:3'" },
    { word: 'none', of: undefined, message: "Pod 'p' does not have a named port 'none'" },
    { word: 'none', of: service, message: "Service 's' does not have a named port 'none'" },
    { word: '99', of: service, message: 'Service s does not have a service port 99' },
    { word: '0', of: undefined, message: 'remote port must be > 0' },
  ])('refuses $word', ({ word, of, message }) => {
    expect(() => forwardedPorts([word], pod, of)).toThrow(message);
  });
});
