/**
 * For tests of plugins, and of anything that talks to a mock server: a server on virtual time, without a socket. A delay of an
 * hour takes no time at all and is exact.
 *
 * ```ts
 * import { createTestServer } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({
 *   routes: [{ path: "/report", serviceTime: "1h", response: { text: "done" } }],
 * });
 * const { response, duration } = await server.request("/report");
 * console.assert(await response.text() === "done");
 * console.assert(duration === 3_600_000);
 * ```
 *
 * @module
 */
import { createPerfmock, type Perfmock } from "./app.ts";
import type { PerfmockInput } from "./config/mod.ts";
import type { Plugin } from "./plugin.ts";
import { nextTurn } from "./lib/turn.ts";
import { VirtualClock } from "./lib/time/mod.ts";

export type { Perfmock } from "./app.ts";
export type { PerfmockInput } from "./config/mod.ts";
export type { Plugin } from "./plugin.ts";
export { VirtualClock } from "./lib/time/mod.ts";

/** What came of a request to a {@linkcode TestServer}. */
export interface TestAnswer {
  /** The answer. */
  readonly response: Response;
  /** How long it took, in milliseconds of virtual time. */
  readonly duration: number;
}

/** A mock server on virtual time. */
export interface TestServer extends AsyncDisposable {
  /** The server itself. */
  readonly server: Perfmock;
  /** Its clock, which only a test moves. */
  readonly clock: VirtualClock;
  /**
   * Sends a request and moves the clock, timer by timer, until it is answered.
   *
   * @param path a path, or a whole URL
   * @throws Error where no timer is left and there still is no answer: the request would wait for ever
   */
  request(path: string, init?: RequestInit): Promise<TestAnswer>;
}

/** What a test server is made with beyond its configuration. */
export interface TestServerOptions {
  /** Plugins under test, as if they were built in; the configuration names them by their names. */
  readonly plugins?: readonly Plugin[];
  /** Takes the lines of the log; dropped where absent. */
  readonly log?: (level: "info" | "warn" | "error", message: string) => void;
}

/**
 * Makes a server on virtual time.
 *
 * @throws PerfmockError with all faults of the configuration
 */
export async function createTestServer(
  config: PerfmockInput = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  const clock = new VirtualClock();
  const server = await createPerfmock(config, {
    clock,
    listen: false,
    plugins: options.plugins ?? [],
    log: options.log ?? (() => {}),
  });
  return {
    server,
    clock,
    async request(path, init) {
      const start = clock.now();
      const request = new Request(new URL(path, server.url), init);
      let answered = false;
      const answer = Promise.resolve(server.fetch(request)).finally(() => {
        answered = true;
      });
      // Several promises may lie between a timer and the answer: settle them all before the clock moves on.
      await nextTurn();
      while (!answered) {
        if (!clock.runNext()) {
          throw new Error(
            `Cannot await the answer to ${request.method} ${path}: no timer is left that could bring it`,
          );
        }
        await nextTurn();
      }
      return { response: await answer, duration: clock.now() - start };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
