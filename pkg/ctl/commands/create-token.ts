// `create token`: asks the server for a token of a service account.
import { isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { arrayFlag, durationFlag, stringFlag } from '../cli/flags.ts';
import { outputFlags } from '../cli/shared-flags.ts';
import { text } from '../objects/access.ts';
import { objectPrinter } from '../printers/output.ts';
import { onlyName } from './create-generated.ts';

/** Kinds of objects that a token can be bound to. */
const BOUND_KINDS = ['Node', 'Pod', 'Secret'];

export const createToken = command({
  summary: 'Request a service account token',
  usage: 'SERVICE_ACCOUNT_NAME [options]',
  flags: {
    ...outputFlags,
    audience: arrayFlag('Audience of the requested token; may be repeated.'),
    'bound-object-kind': stringFlag('Kind of an object to bind the token to: Pod, Secret or Node.'),
    'bound-object-name': stringFlag('Name of an object to bind the token to.'),
    'bound-object-uid': stringFlag('UID of an object to bind the token to.'),
    duration: durationFlag('Requested lifetime of the issued token.'),
  },
  async run({ flags, changed, args }, context) {
    const name = onlyName(args);
    if (flags.duration < 0) throw new Failure('--duration must be greater than or equal to 0');
    if (flags.duration % 1000 !== 0) throw new Failure('--duration cannot be expressed in units less than seconds');
    const boundKind = flags['bound-object-kind'];
    const uid = flags['bound-object-uid'];
    if (boundKind === '' && flags['bound-object-name'] !== '')
      throw new Failure('--bound-object-name can only be set if --bound-object-kind is provided');
    if (boundKind === '' && uid !== '')
      throw new Failure('--bound-object-uid can only be set if --bound-object-kind is provided');
    if (!['', ...BOUND_KINDS].includes(boundKind))
      throw new Failure(`supported --bound-object-kind values are ${BOUND_KINDS.join(', ')}`);
    if (boundKind !== '' && flags['bound-object-name'] === '')
      throw new Failure('--bound-object-name is required if --bound-object-kind is provided');
    const spec: JsonObject = {
      ...(flags.audience.length > 0 && { audiences: [...flags.audience] }),
      ...(flags.duration > 0 && { expirationSeconds: flags.duration / 1000 }),
      ...(boundKind !== '' && {
        boundObjectRef: {
          kind: boundKind,
          apiVersion: 'v1',
          name: flags['bound-object-name'],
          ...(uid !== '' && { uid }),
        },
      }),
    };
    const { api, namespace } = await context.session();
    const resource = (await api.resources()).require('serviceaccounts');
    let answer: JsonObject;
    try {
      answer = await api.create(
        { resource, namespace, name, subresource: 'token' },
        { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec },
      );
    } catch (cause) {
      if (!isApiError(cause)) throw cause;
      throw new Failure(`failed to create token: ${cause.message}`, { cause });
    }
    if (flags.output === '') {
      const token = text(answer, 'status', 'token');
      if (token === '') throw new Failure('failed to create token: no token in server response');
      context.out.write(`${token}\n`);
      return 0;
    }
    const print = await objectPrinter({ flags, templateGiven: changed.has('template'), cwd: context.cwd });
    context.out.write(print(answer));
    return 0;
  },
});
