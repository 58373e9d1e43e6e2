// That a client left before its answer was whole. Few requests ask for the signal, and making one is not free.

export class Departure {
  #happened = false;
  #controller: AbortController | undefined;

  get happened(): boolean {
    return this.#happened;
  }

  leave(): void {
    this.#happened = true;
    this.#controller?.abort(new Error('the client has gone'));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#happened) this.#controller.abort(new Error('the client has gone'));
    }
    return this.#controller.signal;
  }
}
