// What `apply` says about an object it could not get, or that others own. The sentences are kubectl's. Pure.
import { isApiError } from '../../api/meta/status.ts';
import { Failure } from '../cli/failure.ts';
import type { ManifestTarget } from '../resources/targets.ts';

export function resourceLabel(target: ManifestTarget): string {
  const { group, version, resource } = target.resource;
  return `${group === '' ? '' : `${group}/`}${version}, Resource=${resource}`;
}

export function kindLabel(target: ManifestTarget): string {
  const { group, version, kind } = target.resource;
  return `${group === '' ? '' : `${group}/`}${version}, Kind=${kind}`;
}

export function resourceLabelLines(target: ManifestTarget): string {
  return `Resource: ${JSON.stringify(resourceLabel(target))}, GroupVersionKind: ${JSON.stringify(kindLabel(target))}\nName: ${JSON.stringify(target.name)}, Namespace: ${JSON.stringify(target.namespace)}`;
}

export function retrievalFailure(target: ManifestTarget, error: unknown): unknown {
  if (!isApiError(error)) return error;
  const message = `error when retrieving current configuration of:\n${resourceLabelLines(target)}\nfrom server for: ${JSON.stringify(target.source)}: ${error.message}`;
  error.status.message = message;
  error.message = message;
  return error;
}

export function conflictAdvice(message: string): Failure {
  return new Failure(
    `${message}\nPlease review the fields above--they currently have other managers. Here\nare the ways you can resolve this warning:\n* If you intend to manage all of these fields, please re-run the apply\n  command with the \`--force-conflicts\` flag.\n* If you do not intend to manage all of the fields, please edit your\n  manifest to remove references to the fields that should keep their\n  current managers.\n* You may co-own fields by updating your manifest to match the existing\n  value; in this case, you'll become the manager if the other manager(s)\n  stop managing the field (remove it from their configuration).\nSee https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`,
  );
}
