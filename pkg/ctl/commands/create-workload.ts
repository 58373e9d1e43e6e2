// `create deployment`, `create job`, `create cronjob`.
import { command } from '../cli/command.ts';
import { Failure } from '../cli/failure.ts';
import { arrayFlag, intFlag, stringFlag } from '../cli/flags.ts';
import { cronJob, deployment, job, jobFromCronJob } from '../generators/workloads.ts';
import { createGenerated, generatedFlags, nameAndCommand } from './create-generated.ts';

export const createDeployment = command({
  summary: 'Create a deployment with the specified name',
  usage: 'NAME --image=image -- [COMMAND] [args...] [options]',
  examples: ['create deployment web --image=nginx --replicas=3 --port=80'],
  flags: {
    ...generatedFlags,
    image: arrayFlag('Image names to run; several make several containers.'),
    port: intFlag('The containerPort that the deployment exposes.', { default: -1 }),
    replicas: intFlag('Number of replicas to create.', { short: 'r', default: 1 }),
  },
  required: ['image'],
  async run(call, context) {
    const { name, command: words } = nameAndCommand(call.args, call.dash);
    const { replicas, port } = call.flags;
    if (replicas < 0) throw new Failure('invalid replicas: must be greater than or equal to 0');
    const made = deployment({ name, images: call.flags.image, replicas, port, command: words });
    return createGenerated(made, true, call, context);
  },
});

export const createJob = command({
  summary: 'Create a job with the specified name',
  usage: 'NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]',
  examples: ['create job once --image=busybox -- date', 'create job now --from=cronjob/nightly'],
  flags: {
    ...generatedFlags,
    from: stringFlag('The resource to create the job from (only cronjob is supported).'),
    image: stringFlag('Image name to run.'),
  },
  async run(call, context) {
    const { name, command: words } = nameAndCommand(call.args, call.dash);
    const { image, from } = call.flags;
    if (image === '' && from === '') throw new Failure('either --image or --from must be specified');
    if (image !== '' && from !== '') throw new Failure('either --image or --from must be specified');
    if (from === '') return createGenerated(job(name, image, words), true, call, context);
    if (words.length > 0) throw new Failure('cannot specify --from and command');
    const [type = '', source = ''] = from.split('/');
    const { api, namespace } = await context.session();
    const resource = (await api.resources()).require(type);
    if (resource.kind !== 'CronJob') throw new Failure(`unknown object type *${resource.version}.${resource.kind}`);
    const found = await api.get({ resource, namespace, name: source });
    return createGenerated(jobFromCronJob(name, found), true, call, context);
  },
});

export const createCronJob = command({
  summary: 'Create a cron job with the specified name',
  usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [options]",
  examples: ['create cronjob nightly --image=busybox --schedule="0 3 * * *" -- date'],
  flags: {
    ...generatedFlags,
    image: stringFlag('Image name to run.'),
    restart: stringFlag("The job's restart policy: OnFailure or Never."),
    schedule: stringFlag('When to run, as a cron expression.'),
  },
  required: ['image', 'schedule'],
  async run(call, context) {
    const { name, command: words } = nameAndCommand(call.args, call.dash);
    const { image, schedule, restart } = call.flags;
    return createGenerated(cronJob({ name, image, schedule, restart, command: words }), true, call, context);
  },
});
