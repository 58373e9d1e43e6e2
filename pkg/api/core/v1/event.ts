import { events } from '../../resources.ts';
import { defineKind } from '../../schema/define-kind.ts';
import type { Event } from '../../schema/generated/core.v1.gen.ts';

export const eventKind = defineKind<Event>({
  type: events,
  schema: 'core.v1.Event',
  shortNames: ['ev'],
  createOnUpdate: true,
});
