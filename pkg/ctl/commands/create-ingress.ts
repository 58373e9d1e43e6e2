// `create ingress`.
import { command } from '../cli/command.ts';
import { arrayFlag, stringFlag } from '../cli/flags.ts';
import { ingress } from '../generators/ingress.ts';
import { createGenerated, generatedFlags, onlyName } from './create-generated.ts';

export const createIngress = command({
  summary: 'Create an ingress with the specified name',
  usage: 'NAME --rule=host/path=service:port[,tls[=secret]]  [options]',
  notes: 'A path that ends in * matches as a prefix.',
  examples: [
    'create ingress simple --rule="foo.com/bar=svc1:8080,tls=my-cert"',
    'create ingress catch-all --class=other --default-backend=svc:http',
  ],
  flags: {
    ...generatedFlags,
    annotation: arrayFlag('Annotation to insert in the ingress object, as annotation=value.'),
    class: stringFlag('Ingress class to be used'),
    'default-backend': stringFlag('Default service for backend, as svcname:port.'),
    rule: arrayFlag('Rule as host/path=service:port[,tls=secretname].'),
  },
  async run(call, context) {
    const name = onlyName(call.args);
    const { flags } = call;
    const made = ingress({
      name,
      className: flags.class,
      rules: flags.rule,
      annotations: flags.annotation,
      defaultBackend: flags['default-backend'],
    });
    return createGenerated(made, true, call, context);
  },
});
