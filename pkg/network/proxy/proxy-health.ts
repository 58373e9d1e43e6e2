// What the proxy answers at --healthz-bind-address: /livez says whether rules are written in time, /healthz also whether
// this node should get new connections from load balancers. Rule: k8s.io/kubernetes/pkg/proxy/healthcheck/proxy_health.go.
import type { Node } from '../../api/schema/generated/core.v1.gen.ts';
import type { Clock, Instant } from '../../clock/clock.ts';

export interface HealthAnswer {
  readonly status: 200 | 503;
  /** JSON. */
  readonly body: string;
}

/** A change that is not in the kernel after this long means that the proxy is stuck. */
const STUCK_MS = 60_000;

/** The cluster autoscaler's announcement that a node is about to go. */
const TO_BE_DELETED_TAINT = 'ToBeDeletedByClusterAutoscaler';

export class ProxyHealth {
  readonly #clock: Clock;
  #lastWritten: Instant;
  /** By the clock that nobody sets. */
  #pendingSince: number | undefined;
  #eligible = true;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastWritten = clock.now();
    this.#pendingSince = clock.elapsed();
  }

  changed(): void {
    this.#pendingSince ??= this.#clock.elapsed();
  }

  written(): void {
    this.#lastWritten = this.#clock.now();
    this.#pendingSince = undefined;
  }

  nodeIs(node: Node | undefined): void {
    this.#eligible =
      node === undefined ||
      (node.metadata.deletionTimestamp === undefined &&
        !(node.spec.taints ?? []).some((taint) => taint.key === TO_BE_DELETED_TAINT));
  }

  get healthy(): boolean {
    return this.#pendingSince === undefined || this.#clock.elapsed() - this.#pendingSince < STUCK_MS;
  }

  livez(): HealthAnswer {
    return { status: this.healthy ? 200 : 503, body: JSON.stringify(this.#times()) };
  }

  healthz(): HealthAnswer {
    const status = this.healthy && this.#eligible ? 200 : 503;
    return { status, body: JSON.stringify({ ...this.#times(), nodeEligible: this.#eligible }) };
  }

  #times(): { lastUpdated: string; currentTime: string } {
    const now = this.#clock.now();
    const lastUpdated = this.healthy ? now : this.#lastWritten;
    return { lastUpdated: new Date(lastUpdated).toISOString(), currentTime: new Date(now).toISOString() };
  }
}
