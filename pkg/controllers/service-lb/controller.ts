// Gives Services of type LoadBalancer an address out of a pool on the cluster's own network. Nodes announce the addresses
// (pkg/network/announce); nothing is remembered but what the Services' own statuses say.
import { isApiError } from '../../api/meta/status.ts';
import { formatTime } from '../../api/meta/time.ts';
import { services } from '../../api/resources.ts';
import type { Service } from '../../api/schema/generated/core.v1.gen.ts';
import { keyOf } from '../../client/object-store.ts';
import { controllerQueue, runWorkers, type Controller, type ControllerContext } from '../context.ts';
import { OwnWrites } from '../own-writes.ts';
import type { AddressPool } from './address-pool.ts';
import { addressHolders, isOurs, planLoadBalancer } from './reconcile.ts';

export function serviceLoadBalancerController(context: ControllerContext, pool: AddressPool): Controller {
  const name = 'service-lb-controller';
  const queue = controllerQueue(context, 'service');
  const recorder = context.recorder('service-controller');
  const client = context.client.resource(services);
  const informer = context.informers.of(services);
  const ownWrites = new OwnWrites(informer.store);
  /** Services without an address, with what was said about it. */
  const waiting = new Map<string, string>();
  const wakeWaiting = () => {
    for (const key of waiting.keys()) queue.add(key);
  };
  informer.on({
    added: (service) => queue.add(keyOf(service)),
    changed: (service, before) => {
      ownWrites.seen(service);
      queue.add(keyOf(service));
      if (addressesOf(before) !== addressesOf(service)) wakeWaiting();
    },
    deleted: (service) => {
      ownWrites.gone(service);
      waiting.delete(keyOf(service));
      wakeWaiting();
    },
  });

  async function sync(key: string, signal: AbortSignal): Promise<void> {
    const service = ownWrites.latest(key);
    if (service === undefined) return;
    const holders = addressHolders(ownWrites.merge(informer.store.list(), () => true));
    const plan = planLoadBalancer(service, holders, pool, formatTime(context.clock.now()));
    if (plan.do !== 'wait') waiting.delete(key);
    if (plan.do === 'nothing') return;
    if (plan.status !== undefined && !(await write({ ...service, status: plan.status }, signal))) return;
    if (plan.do === 'wait') {
      if (waiting.get(key) !== plan.message)
        recorder.record(service, { type: 'Warning', reason: 'SyncLoadBalancerFailed', message: plan.message });
      waiting.set(key, plan.message);
    } else if (plan.address !== undefined) {
      const message = `Assigned the address ${plan.address}`;
      recorder.record(service, { type: 'Normal', reason: 'EnsuredLoadBalancer', message });
    } else if (!isOurs(service)) wakeWaiting();
  }

  /** False: it is gone. */
  async function write(service: Service, signal: AbortSignal): Promise<boolean> {
    try {
      await ownWrites.update(service, () => client.updateStatus(service, {}, signal));
      return true;
    } catch (error) {
      if (isApiError(error, 'NotFound')) return false;
      throw error;
    }
  }

  return {
    name,
    // One at a time: two would choose the same address.
    run: (signal) => runWorkers({ name, queue, workers: 1, log: context.log, sync }, signal),
  };
}

function addressesOf({ status }: Service): string {
  return (status.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join();
}
