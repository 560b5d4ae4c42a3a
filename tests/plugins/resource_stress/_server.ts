/** A server in virtual time, and its stress as clients see it. */
import type { PerfmockInput } from "../../../core/config/mod.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { ScenarioReport } from "../../../plugins/resource_stress/mod.ts";
import { call, json, post } from "../../support/http.ts";

/** Where the calls lie. */
export const PATH = "/_perfmock/resource_stress/scenarios";

/** Five milliseconds in a hundred: no threads, no memory. */
export const BLOCKS = { eventLoop: { block: "5ms", every: "100ms" } };

/** What GET scenarios answers with. */
export interface Listing {
  /** Those that run. */
  readonly scenarios: readonly ScenarioReport[];
  /** Those that have ended. */
  readonly ended: readonly ScenarioReport[];
  /** What may be taken. */
  readonly caps: Readonly<Record<string, number>>;
  /** What cannot be known. */
  readonly unknown: readonly string[];
}

/** A server under stress. */
export interface Stressed extends TestServer {
  /** The lines of its log. */
  readonly log: readonly string[];
  /** Starts a scenario. */
  start(scenario: unknown): Promise<ScenarioReport>;
  /** What there is. */
  list(): Promise<Listing>;
  /** One call below the scenarios: the status, and the JSON. */
  ask(method: string, path: string): Promise<[number, Record<string, unknown>]>;
}

/** Makes one. */
export async function stressed(config: PerfmockInput = {}): Promise<Stressed> {
  const log: string[] = [];
  const server = await createTestServer(config, {
    log: (level, message) => log.push(`${level}: ${message}`),
  });
  return {
    server: server.server,
    clock: server.clock,
    request: (path, init) => server.request(path, init),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    log,
    start: (scenario) => json(call(server.server, PATH, post(scenario))),
    list: () => json(call(server.server, PATH)),
    async ask(method, path) {
      const response = await call(server.server, PATH + path, { method });
      return [response.status, await json(response)];
    },
  };
}
