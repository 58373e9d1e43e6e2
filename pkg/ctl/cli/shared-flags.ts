// Groups of flags that many commands have in common.
import { boolFlag, listFlag, stringFlag, durationFlag, intFlag } from './flags.ts';
import { Failure } from './failure.ts';

export const selectorFlag = {
  selector: stringFlag("Label query to filter on: '=', '==', '!=', 'in', 'notin' (-l key1=value1,key2=value2).", {
    short: 'l',
  }),
};

export const fieldSelectorFlag = {
  'field-selector': stringFlag("Field query to filter on: '=', '==' and '!=' (--field-selector key1=value1)."),
};

export const filenameFlags = {
  filename: listFlag('Filename, directory, or URL to files that say which resources are meant.', { short: 'f' }),
  kustomize: stringFlag('Process a kustomization directory (not supported).', { short: 'k', hidden: true }),
  recursive: boolFlag('Process the directory used in -f, --filename recursively.', { short: 'R' }),
};

export const allNamespacesFlag = {
  'all-namespaces': boolFlag('Across all namespaces; the namespace of context and flags is ignored.', { short: 'A' }),
};

export const outputFlags = {
  output: stringFlag(
    'Output format: json, yaml, kyaml, name, go-template, go-template-file, jsonpath, jsonpath-as-json, jsonpath-file.',
    { short: 'o' },
  ),
  template: stringFlag('Template string or path to template file for -o=go-template, -o=go-template-file.'),
  'allow-missing-template-keys': boolFlag('Ignore fields that templates name and objects lack.', { default: true }),
  'show-managed-fields': boolFlag('Keep the managedFields when printing objects in JSON or YAML format.'),
};

export const dryRunFlag = {
  'dry-run': stringFlag(
    'Must be "none", "server", or "client". client only prints what would be sent; server asks the server without persisting.',
    { default: 'none', bare: 'unchanged' },
  ),
};

export const validateFlag = {
  validate: stringFlag(
    'Must be strict (or true), warn, ignore (or false): what becomes of unknown and duplicate fields.',
    { default: 'strict', bare: 'strict' },
  ),
};

export function fieldManagerFlag(name: string) {
  return { 'field-manager': stringFlag('Name of the manager used to track field ownership.', { default: name }) };
}

export const saveConfigFlag = {
  'save-config': boolFlag('Save the configuration in the object, for a later apply.'),
};

export const deletionFlags = {
  cascade: stringFlag('Must be "background", "orphan", or "foreground": what becomes of the dependents.', {
    default: 'background',
    bare: 'background',
  }),
  force: boolFlag('Remove the resources from the API at once and bypass graceful deletion.'),
  'grace-period': intFlag('Seconds the resource has to terminate; negative: its own. 0 only with --force.', {
    default: -1,
  }),
  timeout: durationFlag('How long to wait for a deletion before giving up; 0s: by the size of the object.'),
};

export const labelColumnsFlags = {
  'label-columns': listFlag('Labels shown as columns, separated by commas; may be repeated.', { short: 'L' }),
  'show-labels': boolFlag('Show all labels as the last column.'),
};

export type DryRun = 'none' | 'client' | 'server';

export function readDryRun(value: string): DryRun {
  switch (value) {
    case 'none':
    case 'client':
    case 'server':
      return value;
    case 'unchanged':
      // The flag alone is as old as kubectl and still means this.
      return 'client';
    default:
      throw new Failure(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
  }
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export function readValidation(value: string): FieldValidation {
  switch (value) {
    case 'true':
    case 'strict':
      return 'Strict';
    case 'warn':
      return 'Warn';
    case 'false':
    case 'ignore':
      return 'Ignore';
    default:
      throw new Failure(
        `invalid - validate option ${JSON.stringify(value)}; must be one of: strict (or true), warn, ignore (or false)`,
      );
  }
}

export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export function readCascade(value: string): Propagation {
  switch (value) {
    case 'background':
      return 'Background';
    case 'foreground':
      return 'Foreground';
    case 'orphan':
      return 'Orphan';
    default:
      throw new Failure(`invalid cascade value (${value}). Must be "background", "foreground", or "orphan"`);
  }
}
