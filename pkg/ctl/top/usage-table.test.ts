import { describe, expect, test } from 'vitest';
import { nodeUsage, podUsage, usageOf } from './usage.ts';
import { nodeTable, podTable, type PodTableShape } from './usage-table.ts';

const pod = (namespace: string, name: string, containers: Record<string, { cpu: string; memory: string }>) =>
  podUsage({
    metadata: { namespace, name },
    containers: Object.entries(containers).map(([container, usage]) => ({ name: container, usage })),
  });

const pods = [
  pod('default', 'p2', { z: { cpu: '100m', memory: '10Mi' }, a: { cpu: '1500u', memory: '200Mi' } }),
  pod('default', 'p1', { c: { cpu: '300m', memory: '1Mi' } }),
];
const plain: PodTableShape = {
  headers: true,
  swap: false,
  sortBy: '',
  namespaces: false,
  containers: false,
  sum: false,
};

describe('top pod', () => {
  test.each([
    {
      name: 'shows pods by name, their containers added up before rounding',
      shape: {},
      want: [
        'NAME   CPU(cores)   MEMORY(bytes)   ',
        'p1     300m         1Mi             ',
        'p2     102m         210Mi           ',
      ],
    },
    {
      name: 'shows who uses most first',
      shape: { sortBy: 'memory', containers: true } as const,
      want: [
        'POD   NAME   CPU(cores)   MEMORY(bytes)   ',
        'p2    a      2m           200Mi           ',
        'p2    z      100m         10Mi            ',
        'p1    c      300m         1Mi             ',
      ],
    },
    {
      name: 'shows the sum below',
      shape: { sum: true, namespaces: true },
      want: [
        'NAMESPACE   NAME   CPU(cores)   MEMORY(bytes)   ',
        'default     p1     300m         1Mi             ',
        'default     p2     102m         210Mi           ',
        '                   ________     ________        ',
        '                   402m         211Mi           ',
      ],
    },
    {
      name: 'leaves headers out',
      shape: { headers: false },
      want: ['p1    300m   1Mi     ', 'p2    102m   210Mi   '],
    },
  ])('$name', ({ shape, want }) => {
    expect(
      podTable(pods, { ...plain, ...shape })
        .split('\n')
        .slice(0, -1),
    ).toEqual(want);
  });
});

describe('top node', () => {
  test('shows shares, and nodes without metrics as unknown', () => {
    const node = nodeUsage({ metadata: { name: 'n' }, usage: { cpu: '1234567890n', memory: '1Gi' } });
    const has = usageOf({ cpu: '2', memory: '4Gi' });
    const table = nodeTable(
      [node],
      new Map([
        ['n', has],
        ['lost', has],
      ]),
      plain,
    );
    expect(table.split('\n').slice(0, -1)).toEqual([
      'NAME   CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   ',
      'n      1235m        61%         1024Mi          25%         ',
      'lost   <unknown>    <unknown>   <unknown>       <unknown>   ',
    ]);
  });
});
