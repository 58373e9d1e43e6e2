// The volumes of a pod or pod template, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { has, object, text } from '../objects/access.ts';
import { writeClaim } from './storage.ts';
import { writeVolumeSource } from './volume-sources.ts';
import { DescriptionWriter } from './writer.ts';

export function describeVolumes(volumes: readonly JsonObject[], space: string, out: DescriptionWriter): void {
  if (volumes.length === 0) return out.write(0, `${space}Volumes:\t<none>\n`);
  out.write(0, `${space}Volumes:\n`);
  for (const volume of volumes) {
    out.write(1, `${space === '' ? '' : ' '}${text(volume, 'name')}:\n`);
    if (has(volume, 'ephemeral')) writeEphemeral(object(volume, 'ephemeral', 'volumeClaimTemplate'), out);
    else writeVolumeSource(volume, false, out);
  }
}

function writeEphemeral(template: JsonObject, out: DescriptionWriter): void {
  out.line(
    2,
    'Type',
    'EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)',
  );
  const claim = new DescriptionWriter();
  writeClaim(template, claim);
  // kubectl indents what stands behind a label of several lines once more.
  const text = claim.raw().replace(/^((?:Labels|Annotations):)?\t/gm, '$1\t    ');
  out.write(0, text.replace(/^(?=.)/gm, '    '));
}
