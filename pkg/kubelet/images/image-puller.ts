// Sees to it that a container's image is there, by its pull policy; failed pulls wait 10 s, doubled up to 5 minutes, per pod and
// image (k8s.io/kubernetes/pkg/kubelet/images). Outcomes are values; what happened is told as events on the way.
import type { Container, Pod } from '../../api/schema/generated/core.v1.gen.ts';
import type { Clock, Instant } from '../../clock/clock.ts';
import { messageWithCauses } from '../../logging/logger.ts';
import { Limiter } from '../limiter.ts';
import type { ContainerRuntime, ImageInfo, RegistryAuth } from '../runtime/runtime.ts';
import { parseImageName } from './image-name.ts';

export type ImageOutcome =
  | { readonly ok: true; readonly image: ImageInfo }
  | {
      readonly ok: false;
      readonly reason:
        | 'InvalidImageName'
        | 'ErrImageNeverPull'
        | 'ErrImagePull'
        | 'ImagePullBackOff'
        | 'ImageInspectError';
      readonly message: string;
      /** When asking again makes sense. */
      readonly retryAt: Instant;
    };

export type Tell = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

interface Failure {
  readonly delayMs: number;
  readonly at: Instant;
  readonly message: string;
}

const FIRST_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 300_000;
/** Nothing but time can help where the name is bad: looked at again as rarely as a failing pull. */
const HOPELESS_RETRY_MS = 300_000;
const RETRY_MS = 10_000;
const PULLS_AT_ONCE = 5;
const MOST_FAILURES = 1000;

export class ImagePuller {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>();
  readonly #pulls = new Limiter(PULLS_AT_ONCE);
  readonly #hasPulled: (id: string) => Promise<void>;

  /** `hasPulled`: told of every image that was not there before. */
  constructor(
    runtime: ContainerRuntime,
    clock: Clock,
    hasPulled: (id: string) => Promise<void> = () => Promise.resolve(),
  ) {
    this.#hasPulled = hasPulled;
    this.#runtime = runtime;
    this.#clock = clock;
  }

  async ensure(
    pod: Pod,
    spec: Container,
    auth: (domain: string) => RegistryAuth | undefined,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ImageOutcome> {
    const image = spec.image ?? '';
    const parsed = parseImageName(image);
    if (!parsed.ok) {
      const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${parsed.fault}`;
      tell('Warning', 'InspectFailed', message);
      return { ok: false, reason: 'InvalidImageName', message, retryAt: this.#clock.now() + HOPELESS_RETRY_MS };
    }
    const present = await this.#present(image, signal);
    if (!('id' in present)) {
      tell('Warning', 'InspectFailed', present.message);
      return { ok: false, reason: 'ImageInspectError', ...present };
    }
    const policy = spec.imagePullPolicy ?? 'IfNotPresent';
    if (present.id !== '' && policy !== 'Always') {
      tell('Normal', 'Pulled', `Container image "${image}" already present on machine and can be accessed by the pod`);
      return { ok: true, image: present };
    }
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`;
      tell('Warning', 'ErrImageNeverPull', message);
      return { ok: false, reason: 'ErrImageNeverPull', message, retryAt: this.#clock.now() + RETRY_MS };
    }
    return await this.#pull(pod, image, auth(parsed.name.domain), tell, signal);
  }

  async #present(image: string, signal: AbortSignal): Promise<ImageInfo | { message: string; retryAt: Instant }> {
    try {
      return (await this.#runtime.imageStatus(image, signal)) ?? { id: '', names: [], size: 0, user: '' };
    } catch (error) {
      signal.throwIfAborted();
      const message = `Failed to inspect image "${image}": ${messageWithCauses(error)}`;
      return { message, retryAt: this.#clock.now() + RETRY_MS };
    }
  }

  async #pull(
    pod: Pod,
    image: string,
    auth: RegistryAuth | undefined,
    tell: Tell,
    signal: AbortSignal,
  ): Promise<ImageOutcome> {
    const key = `${pod.metadata.uid}_${image}`;
    const failure = this.#failures.get(key);
    const started = this.#clock.now();
    if (failure !== undefined && started < failure.at + failure.delayMs) {
      const message = `Back-off pulling image "${image}"`;
      tell('Normal', 'BackOff', message);
      return {
        ok: false,
        reason: 'ImagePullBackOff',
        message: `${message}: ErrImagePull: ${failure.message}`,
        retryAt: failure.at + failure.delayMs,
      };
    }
    tell('Normal', 'Pulling', `Pulling image "${image}"`);
    try {
      await this.#pulls.run(() => this.#runtime.pullImage(image, auth, signal), signal);
      const pulled = await this.#runtime.imageStatus(image, signal);
      if (pulled === undefined) throw new Error(`the image is not there after it was pulled`);
      const took = this.#clock.now() - started;
      tell(
        'Normal',
        'Pulled',
        `Successfully pulled image "${image}" in ${took}ms (${took}ms including waiting). Image size: ${pulled.size} bytes.`,
      );
      this.#failures.delete(key);
      await this.#hasPulled(pulled.id);
      return { ok: true, image: pulled };
    } catch (error) {
      signal.throwIfAborted();
      const message = messageWithCauses(error);
      tell('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      const delayMs = failure === undefined ? FIRST_DELAY_MS : Math.min(failure.delayMs * 2, LONGEST_DELAY_MS);
      this.#remember(key, { delayMs, at: this.#clock.now(), message });
      // At once, not after the pause: the answer then is the back-off, which is what the status must show while it waits.
      return { ok: false, reason: 'ErrImagePull', message, retryAt: this.#clock.now() + SHOW_ERROR_MS };
    }
  }

  #remember(key: string, failure: Failure): void {
    this.#failures.delete(key);
    this.#failures.set(key, failure);
    const oldest = this.#failures.keys().next().value;
    if (this.#failures.size > MOST_FAILURES && oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** How long the error itself is shown before the back-off is. */
const SHOW_ERROR_MS = 2_000;
