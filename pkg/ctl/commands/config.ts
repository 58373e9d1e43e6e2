// `config`: shows and edits kubeconfig files.
import { command, type Command, type CommandGroup } from '../cli/command.ts';
import { Failure, UsageFailure } from '../cli/failure.ts';
import { helpText } from '../cli/help.ts';
import { unexpectedArguments } from '../kubeconfig/config-arguments.ts';
import { ConfigFiles, type Section } from '../kubeconfig/config-files.ts';

const currentContext = command({
  summary: 'Display the current-context',
  usage: '[flags]',
  flags: {},
  async run(_call, context) {
    const current = (await ConfigFiles.load(context)).currentContext;
    if (current === '') throw new Failure('current-context is not set');
    context.out.write(`${current}\n`);
    return 0;
  },
});

const useContext = command({
  summary: 'Set the current-context in a kubeconfig file',
  usage: 'CONTEXT_NAME [options]',
  flags: {},
  async run(call, context) {
    const name = oneArgument(call.args);
    const files = await ConfigFiles.load(context);
    if (files.entry('contexts', name) === undefined)
      throw new Failure(`no context exists with the name: ${JSON.stringify(name)}`);
    files.setCurrentContext(name);
    await files.save();
    context.out.write(`Switched to context ${JSON.stringify(name)}.\n`);
    return 0;
  },
});

const renameContext = command({
  summary: 'Rename a context from the kubeconfig file',
  usage: 'CONTEXT_NAME NEW_NAME [flags]',
  flags: {},
  async run(call, context) {
    const [from, to, ...more] = call.args;
    if (from === undefined || to === undefined || more.length > 0) throw unexpectedArguments(call.args);
    const files = await ConfigFiles.load(context);
    const entry = files.entry('contexts', from);
    const path = files.defaultPath;
    if (entry === undefined)
      throw new Failure(`cannot rename the context ${JSON.stringify(from)}, it's not in ${path}`);
    if (files.entry('contexts', to) !== undefined)
      throw new Failure(
        `cannot rename the context ${JSON.stringify(from)}, the context ${JSON.stringify(to)} already exists in ${path}`,
      );
    const wasCurrent = files.currentContext === from;
    files.set('contexts', to, entry);
    files.delete('contexts', from);
    if (wasCurrent) files.setCurrentContext(to);
    await files.save();
    context.out.write(`Context ${JSON.stringify(from)} renamed to ${JSON.stringify(to)}.\n`);
    return 0;
  },
});

function deletion(section: Section, noun: string): Command {
  const deletes = command({
    summary: `Delete the specified ${noun} from the kubeconfig`,
    usage: 'NAME [options]',
    flags: {},
    async run(call, context) {
      const [wanted, ...more] = call.args;
      if (section === 'users' && wanted === undefined) throw new UsageFailure('user to delete is required');
      if (wanted === undefined || (section !== 'users' && more.length > 0)) {
        // kubectl explains itself here and calls it a success.
        context.out.write(helpText(deletes, context.path));
        return 0;
      }
      const files = await ConfigFiles.load(context);
      const path = files.pathOf(section, wanted);
      if (files.entry(section, wanted) === undefined)
        throw new Failure(`cannot delete ${noun} ${wanted}, not in ${path}`);
      if (section === 'contexts' && files.currentContext === wanted)
        context.err.write(
          `warning: this removed your active context, use "${context.program} config use-context" to select a different one\n`,
        );
      files.delete(section, wanted);
      await files.save();
      context.out.write(`deleted ${noun} ${wanted} from ${path}\n`);
      return 0;
    },
  });
  return deletes;
}

function listing(section: Section, noun: string): Command {
  return command({
    summary: `Display ${noun}s defined in the kubeconfig`,
    usage: '[flags]',
    flags: {},
    async run(_call, context) {
      const names = (await ConfigFiles.load(context)).names(section);
      context.out.write(['NAME', ...names].map((name) => `${name}\n`).join(''));
      return 0;
    },
  });
}

/** The only argument; throws Failure for none or several. */
function oneArgument(args: readonly string[]): string {
  const [name, ...more] = args;
  if (name === undefined || more.length > 0) throw unexpectedArguments(args);
  return name;
}

export const config: CommandGroup = {
  summary: 'Modify kubeconfig files using subcommands like "config set-context my-context"',
  notes:
    'With --kubeconfig only that file is used; else the files that $KUBECONFIG lists, merged; else ~/.kube/config. A change goes to the file that has the entry.',
  commands: [
    { name: 'current-context', summary: currentContext.summary, load: async () => currentContext },
    {
      name: 'delete-cluster',
      summary: 'Delete the specified cluster from the kubeconfig',
      load: async () => deletion('clusters', 'cluster'),
    },
    {
      name: 'delete-context',
      summary: 'Delete the specified context from the kubeconfig',
      load: async () => deletion('contexts', 'context'),
    },
    {
      name: 'delete-user',
      summary: 'Delete the specified user from the kubeconfig',
      load: async () => deletion('users', 'user'),
    },
    {
      name: 'get-clusters',
      summary: 'Display clusters defined in the kubeconfig',
      load: async () => listing('clusters', 'cluster'),
    },
    {
      name: 'get-contexts',
      summary: 'Describe one or many contexts',
      load: async () => (await import('./config-view.ts')).getContexts,
    },
    {
      name: 'get-users',
      summary: 'Display users defined in the kubeconfig',
      load: async () => listing('users', 'user'),
    },
    { name: 'rename-context', summary: renameContext.summary, load: async () => renameContext },
    {
      name: 'set',
      summary: 'Set an individual value in a kubeconfig file',
      load: async () => (await import('./config-property.ts')).setProperty,
    },
    {
      name: 'set-cluster',
      summary: 'Set a cluster entry in kubeconfig',
      load: async () => (await import('./config-set.ts')).setCluster,
    },
    {
      name: 'set-context',
      summary: 'Set a context entry in kubeconfig',
      load: async () => (await import('./config-set.ts')).setContext,
    },
    {
      name: 'set-credentials',
      summary: 'Set a user entry in kubeconfig',
      load: async () => (await import('./config-set.ts')).setCredentials,
    },
    {
      name: 'unset',
      summary: 'Unset an individual value in a kubeconfig file',
      load: async () => (await import('./config-property.ts')).unsetProperty,
    },
    { name: 'use-context', aliases: ['use'], summary: useContext.summary, load: async () => useContext },
    {
      name: 'view',
      summary: 'Display merged kubeconfig settings or a specified kubeconfig file',
      load: async () => (await import('./config-view.ts')).view,
    },
  ],
};
