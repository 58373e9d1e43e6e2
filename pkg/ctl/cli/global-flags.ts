// The flags that every command takes, with kubectl's names and meanings.
import { arrayFlag, boolFlag, intFlag, stringFlag } from './flags.ts';

export const globalFlags = {
  as: stringFlag('Username to impersonate for the operation; a regular user or a service account.'),
  'as-group': arrayFlag('Group to impersonate for the operation; may be repeated.'),
  'as-uid': stringFlag('UID to impersonate for the operation.'),
  'as-user-extra': arrayFlag('User extras to impersonate, as key=value; may be repeated.'),
  'cache-dir': stringFlag('Default cache directory (accepted, nothing is cached).', { hidden: true }),
  'certificate-authority': stringFlag('Path to a cert file for the certificate authority'),
  'client-certificate': stringFlag('Path to a client certificate file for TLS'),
  'client-key': stringFlag('Path to a client key file for TLS'),
  cluster: stringFlag('The name of the kubeconfig cluster to use'),
  context: stringFlag('The name of the kubeconfig context to use'),
  'disable-compression': boolFlag('Opt out of response compression for all requests to the server'),
  'insecure-skip-tls-verify': boolFlag("Do not check the server's certificate. This makes HTTPS connections insecure."),
  kubeconfig: stringFlag('Path to the kubeconfig file to use for CLI requests.'),
  kuberc: stringFlag('Path to the kuberc file to use for preferences (accepted, not read).', { hidden: true }),
  'log-flush-frequency': stringFlag('Accepted for compatibility.', { hidden: true, default: '5s' }),
  'match-server-version': boolFlag('Require server version to match client version'),
  namespace: stringFlag('The namespace scope for this request', { short: 'n' }),
  password: stringFlag('Password for basic authentication to the API server'),
  profile: stringFlag('Accepted for compatibility.', { hidden: true, default: 'none' }),
  'profile-output': stringFlag('Accepted for compatibility.', { hidden: true }),
  'request-timeout': stringFlag(
    'How long to wait for a single server request (1s, 2m, 3h); 0 means no limit of the client.',
    { default: '0' },
  ),
  server: stringFlag('The address and port of the Kubernetes API server', { short: 's' }),
  'tls-server-name': stringFlag("Name to check the server's certificate against instead of the host"),
  token: stringFlag('Bearer token for authentication to the API server'),
  user: stringFlag('The name of the kubeconfig user to use'),
  username: stringFlag('Username for basic authentication to the API server'),
  v: intFlag('Number for the log level verbosity', { short: 'v' }),
  vmodule: stringFlag('Accepted for compatibility.', { hidden: true }),
  'warnings-as-errors': boolFlag(
    'Treat warnings received from the server as errors and exit with a non-zero exit code',
  ),
};
