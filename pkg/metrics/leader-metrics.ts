// Whether this process leads, under Kubernetes' name.
import { Gauge, type Registry } from 'prom-client';

/** Runs `lead` with the gauge at 1 for as long as it lasts. */
export function whileLeading<A extends readonly unknown[]>(
  registry: Registry,
  name: string,
  lead: (...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  const status = new Gauge({
    name: 'leader_election_master_status',
    help: "Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. 'name' is the string used to identify the lease. Please make sure to group by name.",
    labelNames: ['name'],
    registers: [registry],
  });
  status.set({ name }, 0);
  return async (...args) => {
    status.set({ name }, 1);
    try {
      await lead(...args);
    } finally {
      status.set({ name }, 0);
    }
  };
}
