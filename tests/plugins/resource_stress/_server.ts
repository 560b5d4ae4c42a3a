/** A server in virtual time, and its stress as clients see it. */
import type { PerfmockInput } from "../../../core/config/mod.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { ScenarioReport } from "../../../plugins/resource_stress/mod.ts";
import { call, json, post } from "../../support/http.ts";

/** Path of the control calls. */
export const PATH = "/_perfmock/resource_stress/scenarios";

/** Blocks of 5 ms every 100 ms: no threads, no memory. */
export const BLOCKS = { eventLoop: { block: "5ms", every: "100ms" } };

/** Answer of GET scenarios. */
export interface Listing {
  /** Running scenarios. */
  readonly scenarios: readonly ScenarioReport[];
  /** Ended scenarios. */
  readonly ended: readonly ScenarioReport[];
  /** Caps. */
  readonly caps: Readonly<Record<string, number>>;
  /** Unknown figures. */
  readonly unknown: readonly string[];
}

/** A server under stress. */
export interface Stressed extends TestServer {
  /** Lines of the log. */
  readonly log: readonly string[];
  /** Starts a scenario. */
  start(scenario: unknown): Promise<ScenarioReport>;
  /** Lists the scenarios. */
  list(): Promise<Listing>;
  /** Makes a call below the scenarios; returns status and JSON. */
  ask(method: string, path: string): Promise<[number, Record<string, unknown>]>;
}

/** Makes a server. */
export async function stressed(config: PerfmockInput = {}): Promise<Stressed> {
  const log: string[] = [];
  const server = await createTestServer(config, {
    log: (level, message) => log.push(`${level}: ${message}`),
  });
  return {
    ...server,
    log,
    start: (scenario) => json(call(server.server, PATH, post(scenario))),
    list: () => json(call(server.server, PATH)),
    async ask(method, path) {
      const response = await call(server.server, PATH + path, { method });
      return [response.status, await json(response)];
    },
  };
}
