import { describe, expect, test } from 'vitest';
import { ConfigurationError } from './checked-value.ts';
import { parseSchedulerConfiguration } from './scheduler-configuration.ts';

const HEAD = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n';

describe('a scheduler configuration', () => {
  test('without profiles means the default one, which packs', () => {
    const { profiles } = parseSchedulerConfiguration(HEAD);
    expect(profiles.map(({ schedulerName }) => schedulerName)).toEqual(['default-scheduler']);
    expect(profiles[0]?.scores.map(({ plugin, weight }) => `${plugin.name} ${weight}`)).toEqual([
      'TaintToleration 3',
      'NodeAffinity 2',
      'NodeResourcesFit 1',
      'PodTopologySpread 2',
      'InterPodAffinity 2',
      'NodeResourcesBalancedAllocation 1',
      'ImageLocality 1',
    ]);
  });

  test('may give several profiles other plugins and weights', () => {
    const { profiles, leaderElection, backoff } = parseSchedulerConfiguration(`${HEAD}
leaderElection: { leaderElect: true, leaseDuration: 1m30s }
podMaxBackoffSeconds: 20
profiles:
- schedulerName: spreading
  plugins:
    score:
      disabled: [{ name: '*' }]
      enabled: [{ name: NodeResourcesFit, weight: 7 }]
  pluginConfig:
  - name: NodeResourcesFit
    args:
      apiVersion: kubescheduler.config.k8s.io/v1
      kind: NodeResourcesFitArgs
      scoringStrategy: { type: LeastAllocated, resources: [{ name: cpu, weight: 3 }] }
- schedulerName: plain
  plugins: { multiPoint: { disabled: [{ name: DefaultPreemption }, { name: InterPodAffinity }] } }
`);
    const [spreading, plain] = profiles;
    expect(spreading?.scores.map(({ plugin, weight }) => `${plugin.name} ${weight}`)).toEqual(['NodeResourcesFit 7']);
    expect(spreading?.filters.map(({ name }) => name)).toContain('NodeResourcesFit');
    expect(plain?.preempts).toBe(false);
    expect(plain?.filters.map(({ name }) => name)).not.toContain('InterPodAffinity');
    expect(leaderElection).toMatchObject({ leaderElect: true, leaseDurationMs: 90_000 });
    expect(backoff).toEqual({ firstMs: 1000, longestMs: 20_000 });
  });

  const fit = (strategy: string) => `${HEAD}profiles:
- pluginConfig: [{ name: NodeResourcesFit, args: { scoringStrategy: ${strategy} } }]`;
  test.each([
    { text: 'kind: X', message: 'apiVersion is "", must be "kubescheduler.config.k8s.io/v1"' },
    { text: `${HEAD}extenders: []`, message: 'unknown field "extenders"' },
    { text: `${HEAD}profiles: {}`, message: 'profiles must be a list' },
    { text: `${HEAD}profiles: [{ schedulerName: 3 }]`, message: 'profiles[0].schedulerName must be a string' },
    { text: `${HEAD}profiles: [{}, {}]`, message: 'profiles[1].schedulerName "default-scheduler" is used twice' },
    {
      text: `${HEAD}profiles: [{ plugins: { score: { enabled: [{ name: Nope }] } } }]`,
      message: 'profiles[0].plugins.score.enabled[0].name is "Nope", which is not a plugin of this scheduler',
    },
    {
      text: `${HEAD}profiles: [{ plugins: { multiPoint: { disabled: [{ name: DefaultBinder }] } } }]`,
      message: 'profiles[0].plugins.bind must have DefaultBinder, the only plugin for it',
    },
    {
      text: fit('{ type: Most }'),
      message:
        'profiles[0].pluginConfig[0].args.scoringStrategy.type is "Most", must be one of LeastAllocated, MostAllocated, RequestedToCapacityRatio',
    },
    {
      text: fit('{ resources: [{ name: cpu, weight: 101 }] }'),
      message:
        'profiles[0].pluginConfig[0].args.scoringStrategy.resources[0].weight is 101, must be a whole number from 1 to 100',
    },
    {
      text: fit('{ type: RequestedToCapacityRatio }'),
      message:
        'profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio is required for RequestedToCapacityRatio',
    },
    {
      text: `${HEAD}leaderElection: { leaseDuration: soon }`,
      message: 'leaderElection.leaseDuration is "soon", must be a duration such as 15s',
    },
  ])('is refused with one sentence: $message', ({ text, message }) => {
    expect(() => parseSchedulerConfiguration(text)).toThrow(new ConfigurationError(message));
  });
});
