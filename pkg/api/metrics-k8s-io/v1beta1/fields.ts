// The types of metrics.k8s.io/v1beta1 in the form of the generated field tables, and what they mean. Written by hand: Kubernetes
// serves them from a server of their own, so that no model of its API has them.
type Fields = Readonly<Record<string, Readonly<Record<string, string>>>>;

const kind = { apiVersion: 'string', kind: 'string' };
const measured = { ...kind, metadata: 'meta.v1.ObjectMeta', timestamp: 'time!', window: 'string!' };
const list = (items: string) => ({ ...kind, metadata: 'meta.v1.ListMeta', items: `[]${items}!` });

export const metricsFields: Fields = {
  'metrics.v1beta1.ContainerMetrics': { name: 'string!', usage: '{}quantity!' },
  'metrics.v1beta1.NodeMetrics': { ...measured, usage: '{}quantity!' },
  'metrics.v1beta1.NodeMetricsList': list('metrics.v1beta1.NodeMetrics'),
  'metrics.v1beta1.PodMetrics': { ...measured, containers: '[]metrics.v1beta1.ContainerMetrics!' },
  'metrics.v1beta1.PodMetricsList': list('metrics.v1beta1.PodMetrics'),
};

const interval = {
  timestamp: 'When the later of the two looks was taken that the usage is reckoned from.',
  window: 'The time between the two looks.',
};
const usage = 'What was used: cpu as the mean of the window, memory as the working set at its end.';

/** Of a type as '', and of its fields. */
export const metricsDescriptions: Fields = {
  'metrics.v1beta1.ContainerMetrics': {
    '': 'The usage of one container.',
    name: 'Name of the container, as in pod.spec.containers.',
    usage,
  },
  'metrics.v1beta1.NodeMetrics': { '': 'The usage of one node.', ...interval, usage },
  'metrics.v1beta1.NodeMetricsList': { '': 'The usage of nodes.' },
  'metrics.v1beta1.PodMetrics': {
    '': 'The usage of the containers of one pod.',
    ...interval,
    containers: 'Of each container that was running at both looks.',
  },
  'metrics.v1beta1.PodMetricsList': { '': 'The usage of pods.' },
};
