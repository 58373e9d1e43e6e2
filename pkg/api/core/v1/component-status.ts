// ComponentStatuses: deprecated since 1.19, still served and still empty where nothing reports.
import { componentStatuses } from '../../resources.ts';
import { columns, text } from '../../schema/columns.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { ComponentCondition, ComponentStatus } from '../../schema/generated/core.v1.gen.ts';

export const componentStatusKind = defineKind<ComponentStatus>({
  type: componentStatuses,
  schema: 'core.v1.ComponentStatus',
  shortNames: ['cs'],
  verbs: ['get', 'list', 'watch'],
  columns: columns(
    text('Status', 'Status of the component conditions', ({ conditions }) => {
      const status = healthOf(conditions)?.status;
      return status === 'True' ? 'Healthy' : status === 'False' ? 'Unhealthy' : 'Unknown';
    }),
    text('Message', 'Message of the component conditions', ({ conditions }) => healthOf(conditions)?.message ?? ''),
    text('Error', 'Error of the component conditions', ({ conditions }) => healthOf(conditions)?.error ?? ''),
  ),
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
});

function healthOf(conditions: readonly ComponentCondition[] | undefined): ComponentCondition | undefined {
  return conditions?.find(({ type }) => type === 'Healthy');
}
