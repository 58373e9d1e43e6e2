// `version`: of this program and of the server.
import { ApiError, isApiError } from '../../api/meta/status.ts';
import type { JsonObject } from '../../api/schema/json.ts';
import { CLIENT_GIT_VERSION } from '../client-version.ts';
import { command } from '../cli/command.ts';
import { Failure, throwCollected } from '../cli/failure.ts';
import { boolFlag, stringFlag } from '../cli/flags.ts';
import { text } from '../objects/access.ts';
import { toYaml } from '../../api/schema/encode-yaml.ts';
import { UNREAD } from '../rest/discovery.ts';

/** The Kubernetes version whose kubectl this behaves like, and the kustomize that such a kubectl has. */
const CLIENT_VERSION: JsonObject = {
  major: '1',
  minor: '35',
  gitVersion: CLIENT_GIT_VERSION,
  gitCommit: '',
  gitTreeState: 'clean',
  goVersion: `node-${process.version}`,
  compiler: 'node',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
const KUSTOMIZE_VERSION = 'v5.7.1';

export const version = command({
  summary: 'Print the client and server version information for the current context',
  usage: '[flags]',
  notes: 'The client version is that of the kubectl whose behaviour this program has.',
  flags: {
    client: boolFlag('If true, shows client version only (no server required).'),
    output: stringFlag("One of 'yaml' or 'json'.", { short: 'o' }),
  },
  async run(call, context) {
    const { flags } = call;
    // kubectl does not look at the arguments when it asks no server.
    if (call.args.length > 0 && !flags.client) throw new Failure(`extra arguments: [${call.args.join(' ')}]`);
    if (!['', 'yaml', 'json'].includes(flags.output)) throw new Failure("--output must be 'yaml' or 'json'");
    // A configuration that cannot be used is told before anything is shown; a server that does not answer, after.
    if (!flags.client) await context.session();
    const failures: unknown[] = [];
    let server: JsonObject | undefined;
    if (!flags.client)
      try {
        server = await (await context.session()).api.sendForObject({ method: 'GET', path: '/version' });
      } catch (error) {
        failures.push(
          isApiError(error, 'Unauthorized') ? new ApiError('Unauthorized', UNREAD, { cause: error }) : error,
        );
      }
    const whole: JsonObject = {
      clientVersion: CLIENT_VERSION,
      kustomizeVersion: KUSTOMIZE_VERSION,
      ...(server !== undefined && { serverVersion: server }),
    };
    if (flags.output === 'json') context.out.write(`${JSON.stringify(whole, undefined, 2)}\n`);
    else if (flags.output === 'yaml') context.out.write(`${toYaml(whole)}\n`);
    else {
      context.out.write(
        `Client Version: ${text(CLIENT_VERSION, 'gitVersion')}\nKustomize Version: ${KUSTOMIZE_VERSION}\n`,
      );
      if (server !== undefined) context.out.write(`Server Version: ${text(server, 'gitVersion')}\n`);
    }
    // What is known of this side is shown even if nothing answers.
    throwCollected(failures);
    return 0;
  },
});
