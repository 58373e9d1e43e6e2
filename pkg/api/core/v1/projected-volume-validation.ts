// Validation of projected volumes: what goes into one directory out of several sources.
import type { Faults } from '../../meta/field-faults.ts';
import { validateLabelSelector } from '../../meta/label-selector-validation.ts';
import { dnsSubdomainFaults } from '../../meta/names.ts';
import { checkMode } from '../../meta/value-checks.ts';
import type {
  ClusterTrustBundleProjection,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../schema/generated/core.v1.gen.ts';
import { checkFilePath, validateDownwardFile, validateItems } from './volume-files-validation.ts';

const TOKEN_SECONDS_MIN = 600;
const TOKEN_SECONDS_MAX = 2 ** 32;

/** Some faults belong to the volume as a whole, although one of its sources has them. */
interface Whole {
  readonly paths: Set<string>;
  /** Run with the path of the volume's source. */
  readonly checks: (() => void)[];
}

/** The current path is that of the volume's source. */
export function validateProjected(faults: Faults, { sources, defaultMode }: ProjectedVolumeSource): void {
  checkMode(faults, 'defaultMode', defaultMode);
  const whole: Whole = { paths: new Set(), checks: [] };
  faults.each('sources', sources, (source) => validateProjection(faults, source, whole));
  for (const check of whole.checks) check();
}

function validateProjection(faults: Faults, source: VolumeProjection, whole: Whole): void {
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate } = source;
  const given = [secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate];
  const take = (path: string | undefined, owner: string) => {
    if (!path) return;
    if (whole.paths.has(path)) whole.checks.push(() => faults.invalid('', owner, 'conflicting duplicate paths'));
    whole.paths.add(path);
  };
  const named = (segment: string, projection: { name?: string; items?: KeyToPath[] } | undefined) => {
    if (projection === undefined) return;
    faults.at(segment, () => {
      if (!projection.name) faults.required('name');
      validateItems(faults, projection.items);
    });
    for (const { path } of projection.items ?? []) take(path, projection.name ?? '');
  };
  named('secret', secret);
  named('configMap', configMap);
  if (downwardAPI !== undefined) {
    faults.at('downwardAPI', () => {
      for (const item of downwardAPI.items ?? []) {
        validateDownwardFile(faults, item);
        take(item.path, item.path);
      }
    });
  }
  if (serviceAccountToken !== undefined) validateToken(faults, serviceAccountToken, whole);
  if (clusterTrustBundle !== undefined) {
    faults.at('clusterTrustBundle', () => validateTrustBundle(faults, clusterTrustBundle));
    take(clusterTrustBundle.path, clusterTrustBundle.path);
  }
  if (given.filter((one) => one !== undefined).length > 1) {
    faults.forbidden('', 'may not specify more than 1 volume type per source');
  }
}

function validateToken(faults: Faults, token: ServiceAccountTokenProjection, whole: Whole): void {
  faults.at('serviceAccountToken', () => {
    const seconds = token.expirationSeconds ?? 0;
    if (seconds < TOKEN_SECONDS_MIN) {
      faults.invalid('expirationSeconds', seconds, 'may not specify a duration less than 10 minutes');
    }
    if (seconds > TOKEN_SECONDS_MAX) {
      faults.invalid('expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds');
    }
  });
  whole.checks.push(() => {
    if (!token.path) faults.required('path');
    else checkFilePath(faults, 'path', token.path);
  });
}

function validateTrustBundle(faults: Faults, bundle: ClusterTrustBundleProjection): void {
  const { name, signerName, labelSelector, path } = bundle;
  if (name !== undefined && signerName !== undefined) {
    faults.invalid('', bundle, 'only one of name and signerName may be used');
  } else if (name !== undefined) {
    if (name === '') faults.required('name', 'must be a valid object name');
    const own = name.split(':').at(-1) ?? '';
    for (const fault of dnsSubdomainFaults(own)) {
      faults.invalid('name', name, `not a valid clustertrustbundlename: ${fault}`);
    }
    if (labelSelector !== undefined) {
      faults.invalid('labelSelector', labelSelector, 'labelSelector must be unset if name is specified');
    }
  } else if (signerName !== undefined) {
    if (signerName === '') faults.required('signerName', 'must be a valid signer name');
    faults.at('labelSelector', () => validateLabelSelector(faults, labelSelector));
  } else faults.required('', 'either name or signerName must be specified');
  if (!path) faults.required('path');
  else checkFilePath(faults, 'path', path);
}
