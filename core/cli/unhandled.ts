/**
 * Errors that nothing has caught, such as one in a timer or a promise of a plugin: `serve` reports them and goes on, where the
 * runtime would end the process. Only the command line listens for them, since a program that uses perfmock decides itself.
 *
 * @module
 */
import type { Server } from "../server/server.ts";

/** Reports errors that nothing has caught, until disposed. */
export class UnhandledErrors implements Disposable {
  readonly #server: Pick<Server, "unhandled">;

  /** @param server takes the errors */
  constructor(server: Pick<Server, "unhandled">) {
    this.#server = server;
    addEventListener("error", this.#onError);
    addEventListener("unhandledrejection", this.#onRejection);
  }

  readonly #onError = (event: ErrorEvent): void => {
    event.preventDefault();
    this.#server.unhandled("event or timer", event.error);
  };

  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.#server.unhandled("promise", event.reason);
  };

  [Symbol.dispose](): void {
    removeEventListener("error", this.#onError);
    removeEventListener("unhandledrejection", this.#onRejection);
  }
}
