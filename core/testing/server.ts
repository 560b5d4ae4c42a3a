/**
 * A mock server on virtual time.
 *
 * @module
 */
import type { Perfmock, PerfmockOptions } from "../app.ts";
import type { PerfmockInput } from "../config/mod.ts";
import { atCaller } from "../lib/caller.ts";
import { checkOptions, type OptionType } from "../lib/options.ts";
import { nextLook, VirtualClock } from "../lib/time/mod.ts";
import { nextTurn } from "../lib/turn.ts";
import type { Plugin } from "../plugin.ts";
import { COMMON_OPTIONS } from "../lib/server_options.ts";
import { checkGiven, MEASURED } from "./options.ts";
import { failed } from "./values.ts";

/**
 * Number of times the event loop looks at its sockets, 1 to 2 ms each, before an answer that no timer can bring counts as missing. A
 * busy machine looks more slowly.
 */
const IDLE_LOOKS = 700;

/** Result of a request to a {@linkcode TestServer}. */
export interface TestAnswer {
  /** Response to the request. */
  readonly response: Response;
  /** Time from request to response, in ms of virtual time. */
  readonly duration: number;
}

/** Mock server on virtual time. */
export interface TestServer extends AsyncDisposable {
  /** Server itself. */
  readonly server: Perfmock;
  /** Clock of the server, which moves only when a test advances it. */
  readonly clock: VirtualClock;
  /**
   * Sends a request and advances the clock, timer by timer, until the request is answered. Work in the server takes no virtual
   * time. While no timer is left, it waits for what does not depend on the clock, such as a file or an upstream.
   *
   * @param path path or URL
   * @throws Error if there is no answer, no timer is left that could bring it, and about a second has passed
   */
  request(path: string, init?: RequestInit): Promise<TestAnswer>;
  /**
   * Sends requests, each after the answer to the one before, and returns their durations in ms of virtual time.
   *
   * @param path path or URL
   * @param count number of requests
   * @throws AssertionError if an answer has another status than 200 to 399
   */
  measure(
    path: string,
    count: number,
    init?: RequestInit,
  ): Promise<readonly number[]>;
}

/** Options of a test server in addition to its configuration. */
export interface TestServerOptions {
  /** Plugins under test. They are on by default, like built-in plugins, and the configuration refers to them by name. */
  readonly plugins?: readonly Plugin[];
  /** Replica that the server is, as in {@linkcode PerfmockOptions}. Default: the only one. */
  readonly segment?: PerfmockOptions["segment"];
  /** Receives the lines of the log. By default they are dropped. */
  readonly log?: (level: "info" | "warn" | "error", message: string) => void;
}

/**
 * Creates a server on virtual time.
 *
 * @throws PerfmockError with all errors of the configuration
 */
export async function createTestServer(
  config: PerfmockInput = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  return await atCaller(createTestServer, () => {
    checkOptions(ACTION, options, OPTIONS, ELSEWHERE);
    return created(config, options);
  });
}

const ACTION = "Cannot create the test server";

const OPTIONS: Readonly<Record<keyof TestServerOptions, OptionType>> =
  COMMON_OPTIONS;

/** Options of a server in real time. */
const ELSEWHERE = {
  listen:
    "A test server does not listen, as nobody would move its clock for a request from the network: use request() or measure(), or createPerfmock(), which listens in real time",
  clock: "A test server has a virtual clock of its own: use its property clock",
};

async function created(
  config: PerfmockInput,
  options: TestServerOptions,
): Promise<TestServer> {
  const clock = new VirtualClock();
  // Loaded here: assertions on times need no server.
  const { createPerfmock } = await import("../app.ts");
  const server = await createPerfmock(config, {
    clock,
    listen: false,
    plugins: options.plugins ?? [],
    ...options.segment !== undefined && { segment: options.segment },
    log: options.log ?? (() => {}),
  });
  const send = async (
    path: string,
    init?: RequestInit,
  ): Promise<TestAnswer> => {
    const start = clock.now();
    const sent = new Request(new URL(path, server.url), init);
    const { response, at } = await answerOf(server, clock, sent, path);
    return { response, duration: at - start };
  };
  const request: TestServer["request"] = (path, init) =>
    atCaller(request, () => send(path, init));
  const measure: TestServer["measure"] = (path, count, init) =>
    atCaller(measure, async () => {
      checkGiven("measure requests", { count }, MEASURED, {
        name: "arguments",
        required: ["count"],
      });
      const durations: number[] = [];
      while (durations.length < count) {
        const { response, duration } = await send(path, init);
        const text = await response.text();
        if (response.status >= 400) {
          throw failed(
            `Request ${
              durations.length + 1
            } of ${count} to ${path} was answered with ${response.status}: ${text}`,
            { actual: response.status, operator: "measure" },
          );
        }
        durations.push(duration);
      }
      return durations;
    });
  return {
    server,
    clock,
    request,
    measure,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Sends a request, and advances the clock until it is answered; other requests may be under way, and move the clock, too. */
async function answerOf(
  server: Perfmock,
  clock: VirtualClock,
  request: Request,
  path: string,
): Promise<{ readonly response: Response; readonly at: number }> {
  let answered = false;
  let at = clock.now();
  const answer = Promise.resolve(server.fetch(request)).finally(() => {
    answered = true;
    at = clock.now();
  });
  // Several promises may lie between a timer and the answer: all of them settle before the clock advances.
  await nextTurn();
  let idle = 0;
  while (!answered) {
    if (clock.yielding > 0 || clock.runNext()) {
      idle = 0;
      await nextTurn();
    } else if (idle++ < IDLE_LOOKS) await nextLook();
    else {
      throw new Error(
        `Cannot await the answer to ${request.method} ${path}: no timer is left that could bring it`,
      );
    }
  }
  return { response: await answer, at };
}
