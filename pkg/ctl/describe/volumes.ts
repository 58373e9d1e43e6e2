// The volumes of a pod or pod template, described. Pure.
import type { JsonObject } from '../../api/schema/json.ts';
import { flag, has, number, object, objects, text } from '../objects/access.ts';
import type { DescriptionWriter } from './writer.ts';

export function describeVolumes(volumes: readonly JsonObject[], space: string, out: DescriptionWriter): void {
  if (volumes.length === 0) return out.write(0, `${space}Volumes:\t<none>\n`);
  out.write(0, `${space}Volumes:\n`);
  for (const volume of volumes) {
    out.write(1, `${space === '' ? '' : ' '}${text(volume, 'name')}:\n`);
    for (const [label, value] of volumeLines(volume))
      out.write(2, value === undefined ? `${label}\n` : `${label}:\t${value}\n`);
  }
}

type Line = readonly [string, string | undefined];

function volumeLines(volume: JsonObject): Line[] {
  const type = (name: string, what: string): Line => ['Type', `${name} (${what})`];
  if (has(volume, 'hostPath'))
    return [
      type('HostPath', 'bare host directory volume'),
      ['Path', text(volume, 'hostPath', 'path')],
      ['HostPathType', text(volume, 'hostPath', 'type')],
    ];
  if (has(volume, 'emptyDir'))
    return [
      type('EmptyDir', "a temporary directory that shares a pod's lifetime"),
      ['Medium', text(volume, 'emptyDir', 'medium')],
      ['SizeLimit', text(volume, 'emptyDir', 'sizeLimit') || '<unset>'],
    ];
  if (has(volume, 'secret'))
    return [
      type('Secret', 'a volume populated by a Secret'),
      ['SecretName', text(volume, 'secret', 'secretName')],
      ['Optional', String(flag(volume, 'secret', 'optional'))],
    ];
  if (has(volume, 'configMap'))
    return [
      type('ConfigMap', 'a volume populated by a ConfigMap'),
      ['Name', text(volume, 'configMap', 'name')],
      ['Optional', String(flag(volume, 'configMap', 'optional'))],
    ];
  if (has(volume, 'projected'))
    return [
      type('Projected', 'a volume that contains injected data from multiple sources'),
      ...objects(volume, 'projected', 'sources').flatMap(projectedLines),
    ];
  if (has(volume, 'downwardAPI'))
    return [
      type('DownwardAPI', 'a volume populated by information about the pod'),
      ['Items:', undefined],
      ...objects(volume, 'downwardAPI', 'items').map((item): Line => {
        const from = text(item, 'fieldRef', 'fieldPath') || text(item, 'resourceFieldRef', 'resource');
        return [`  ${from} -> ${text(item, 'path')}`, undefined];
      }),
    ];
  if (has(volume, 'persistentVolumeClaim'))
    return [
      type('PersistentVolumeClaim', 'a reference to a PersistentVolumeClaim in the same namespace'),
      ['ClaimName', text(volume, 'persistentVolumeClaim', 'claimName')],
      ['ReadOnly', String(flag(volume, 'persistentVolumeClaim', 'readOnly'))],
    ];
  if (has(volume, 'nfs'))
    return [
      type('NFS', 'an NFS mount that lasts the lifetime of a pod'),
      ['Server', text(volume, 'nfs', 'server')],
      ['Path', text(volume, 'nfs', 'path')],
      ['ReadOnly', String(flag(volume, 'nfs', 'readOnly'))],
    ];
  return [['<unknown>', undefined]];
}

function projectedLines(source: JsonObject): Line[] {
  if (has(source, 'secret'))
    return [
      ['SecretName', text(source, 'secret', 'name')],
      ['Optional', String(flag(source, 'secret', 'optional'))],
    ];
  if (has(source, 'downwardAPI')) return [['DownwardAPI', 'true']];
  if (has(source, 'configMap'))
    return [
      ['ConfigMapName', text(source, 'configMap', 'name')],
      ['Optional', String(flag(source, 'configMap', 'optional'))],
    ];
  if (has(source, 'serviceAccountToken'))
    return [['TokenExpirationSeconds', String(number(source, 'serviceAccountToken', 'expirationSeconds'))]];
  return Object.keys(object(source)).map((key): Line => [key, undefined]);
}
