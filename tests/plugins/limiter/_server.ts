/** Servers with pools in virtual time, and their answers. */
import type { PerfmockInput } from "../../../core/config/mod.ts";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { PoolReport } from "../../../plugins/limiter/mod.ts";
import { call, json } from "../../support/http.ts";

/** Makes a server with these pools and routes. */
export function serve(
  pools: Readonly<Record<string, unknown>>,
  routes: PerfmockInput["routes"],
  log?: (level: string, message: string) => void,
): Promise<TestServer> {
  return createTestServer({
    plugins: { limiter: { pools, client: "header:X-Client" } },
    routes,
  }, log === undefined ? {} : { log });
}

/** An answer. */
export interface Seen {
  readonly status: number;
  /** Queue time, in ms. */
  readonly queue: number;
  /** Time from arrival to headers, in ms. */
  readonly total: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Sends requests at the same time, in this order. */
export function together(
  test: TestServer,
  ...requests: readonly (readonly [path: string, headers?: HeadersInit])[]
): Promise<Seen[]> {
  return Promise.all(requests.map(async ([path, headers]): Promise<Seen> => {
    const { response } = await test.request(
      path,
      headers === undefined ? {} : { headers },
    );
    const timing = response.headers.get("server-timing") ?? "";
    const part = (name: string) =>
      Number(new RegExp(`${name};dur=([0-9.]+)`).exec(timing)?.[1]);
    return {
      status: response.status,
      queue: part("queue"),
      total: part("total"),
      headers: response.headers,
      text: await response.text(),
    };
  }));
}

/** Status and time from arrival to headers, in ms. */
export function totals(seen: readonly Seen[]): [number, number][] {
  return seen.map(({ status, total }) => [status, total]);
}

/** The pools, as the control API reports them. */
export async function pools(test: TestServer): Promise<PoolReport[]> {
  const answer = await json<{ pools: PoolReport[] }>(
    call(test.server, "/_perfmock/limiter/pools"),
  );
  return answer.pools;
}
