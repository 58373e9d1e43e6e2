// What `config` and its sub-verbs say about arguments that they do not take.
import { Failure } from '../cli/failure.ts';

/** Follows the command's help. */
export function unexpectedArguments(args: readonly string[], start = 'Unexpected'): Failure {
  return new Failure(`${start} args: [${args.join(' ')}]`, { showsHelp: true });
}
