// `pluginConfig` of a profile: the arguments of the plugins that take any, checked as Kubernetes checks them.
import type { NodeAffinity, TopologySpreadConstraint } from '../../api/schema/generated/core.v1.gen.ts';
import type { Plugin } from '../framework/plugin.ts';
import { interPodAffinity } from '../plugins/inter-pod-affinity.ts';
import { nodeAffinity } from '../plugins/node-affinity.ts';
import { nodeResourcesBalancedAllocation } from '../plugins/node-resources-balanced-allocation.ts';
import { DEFAULT_FIT_ARGS, nodeResourcesFit } from '../plugins/node-resources-fit.ts';
import { podTopologySpread } from '../plugins/pod-topology-spread.ts';
import type { ScoringStrategy, ShapePoint, WeightedResource } from '../plugins/resource-scoring.ts';
import { ConfigurationError, type CheckedObject } from './checked-value.ts';

/** Makes the plugin out of its arguments; undefined for a plugin that takes none. */
export function configuredPlugin(name: string, args: CheckedObject): Plugin | undefined {
  args.string('apiVersion');
  args.string('kind');
  switch (name) {
    case 'NodeResourcesFit':
      return nodeResourcesFit({
        scoringStrategy: scoringStrategy(args.object('scoringStrategy')),
        ignoredResources: args.strings('ignoredResources'),
        ignoredResourceGroups: args.strings('ignoredResourceGroups'),
      });
    case 'NodeResourcesBalancedAllocation':
      return nodeResourcesBalancedAllocation(weightedResources(args, DEFAULT_FIT_ARGS.scoringStrategy.resources));
    case 'InterPodAffinity':
      return interPodAffinity({
        hardPodAffinityWeight: args.integer('hardPodAffinityWeight', 0, 100) ?? 1,
        ignorePreferredTermsOfExistingPods: args.boolean('ignorePreferredTermsOfExistingPods') ?? false,
      });
    case 'NodeAffinity':
      return nodeAffinity(addedAffinity(args.object('addedAffinity')));
    case 'PodTopologySpread':
      return podTopologySpread(defaultConstraints(args));
    case 'DefaultPreemption':
      args.integer('minCandidateNodesPercentage', 0, 100);
      args.integer('minCandidateNodesAbsolute', 0, 2 ** 31 - 1);
      return undefined;
    default:
      return undefined;
  }
}

function scoringStrategy(strategy: CheckedObject | undefined): ScoringStrategy {
  if (strategy === undefined) return DEFAULT_FIT_ARGS.scoringStrategy;
  const type = strategy.oneOf('type', ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']);
  const resources = weightedResources(strategy, DEFAULT_FIT_ARGS.scoringStrategy.resources);
  const ratio = strategy.object('requestedToCapacityRatio');
  const shape = ratio === undefined ? undefined : shapeOf(ratio);
  strategy.refuseOthers();
  if (type !== 'RequestedToCapacityRatio') return { type: type ?? 'MostAllocated', resources };
  if (shape === undefined) {
    throw new ConfigurationError(`${strategy.at('requestedToCapacityRatio')} is required for ${type}`);
  }
  return { type, resources, shape };
}

function shapeOf(ratio: CheckedObject): ShapePoint[] {
  const shape = ratio.objects('shape').map((point) => {
    const utilization = point.integer('utilization', 0, 100) ?? 0;
    const score = point.integer('score', 0, 10) ?? 0;
    point.refuseOthers();
    return { utilization, score };
  });
  ratio.refuseOthers();
  if (shape.length === 0) throw new ConfigurationError(`${ratio.at('shape')} must have at least one point`);
  for (const [index, point] of shape.entries()) {
    const before = shape[index - 1];
    if (before !== undefined && point.utilization <= before.utilization) {
      throw new ConfigurationError(`${ratio.at('shape')}[${index}].utilization must be larger than the one before it`);
    }
  }
  return shape;
}

function weightedResources(of: CheckedObject, otherwise: readonly WeightedResource[]): readonly WeightedResource[] {
  const resources = of.objects('resources').map((resource) => {
    const name = resource.string('name');
    if (name === undefined || name === '') throw new ConfigurationError(`${resource.at('name')} is required`);
    const weight = resource.integer('weight', 1, 100) ?? 1;
    resource.refuseOthers();
    return { name, weight };
  });
  return resources.length === 0 ? otherwise : resources;
}

function addedAffinity(affinity: CheckedObject | undefined): NodeAffinity {
  if (affinity === undefined) return {};
  const required = affinity.object('requiredDuringSchedulingIgnoredDuringExecution');
  const preferred = affinity.objects('preferredDuringSchedulingIgnoredDuringExecution');
  affinity.refuseOthers();
  return {
    ...(required !== undefined && {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: required.objects('nodeSelectorTerms').map(selectorTerm),
      },
    }),
    preferredDuringSchedulingIgnoredDuringExecution: preferred.map((term) => {
      const preference = term.object('preference');
      if (preference === undefined) throw new ConfigurationError(`${term.at('preference')} is required`);
      return { weight: term.integer('weight', 1, 100) ?? 1, preference: selectorTerm(preference) };
    }),
  };
}

function selectorTerm(term: CheckedObject) {
  const requirements = (field: string) =>
    term.objects(field).map((requirement) => ({
      key: requirement.string('key') ?? '',
      operator:
        requirement.oneOf('operator', ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']) ??
        missing(requirement, 'operator'),
      values: requirement.strings('values'),
    }));
  const [matchExpressions, matchFields] = [requirements('matchExpressions'), requirements('matchFields')];
  term.refuseOthers();
  return { matchExpressions, matchFields };
}

function defaultConstraints(args: CheckedObject): TopologySpreadConstraint[] {
  const type = args.oneOf('defaultingType', ['List', 'System']) ?? 'System';
  const constraints = args.objects('defaultConstraints').map((constraint) => {
    const parsed = {
      maxSkew: constraint.integer('maxSkew', 1, 2 ** 31 - 1) ?? missing(constraint, 'maxSkew'),
      topologyKey: constraint.string('topologyKey') ?? missing(constraint, 'topologyKey'),
      whenUnsatisfiable:
        constraint.oneOf('whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway']) ??
        missing(constraint, 'whenUnsatisfiable'),
    };
    constraint.refuseOthers();
    return parsed;
  });
  if (type === 'System' && constraints.length > 0) {
    throw new ConfigurationError(`${args.at('defaultConstraints')} must be empty unless defaultingType is List`);
  }
  return constraints;
}

function missing(of: CheckedObject, field: string): never {
  throw new ConfigurationError(`${of.at(field)} is required`);
}
