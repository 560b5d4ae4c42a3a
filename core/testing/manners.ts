/**
 * The assertion that a client retries with good manners.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { Perfmock } from "../app.ts";
import { checkGiven, MANNERS } from "./options.ts";
import { failed, invalid, percent, time } from "./values.ts";

/** Manners that are asked of a client. */
export interface Manners {
  /**
   * Key of the client, as `GET limiter/clients` names it: the value of the header that the limiter's option `client` names, the first
   * address of X-Forwarded-For, or the address of the connection. Default all clients, each by itself.
   */
  readonly client?: string;
  /** Number of refusals that a client must have met; fewer show nothing. Default 1. */
  readonly refusals?: number;
  /** True if a refused client must come again. Default false. */
  readonly retries?: boolean;
  /** Share of retries that may come before the time that Retry-After named. Default 0.05, for clocks that run fast; null to allow any. */
  readonly early?: number | null;
  /** Most requests that may be sent for each one intended. Default 2; null to allow any. */
  readonly amplification?: number | null;
  /**
   * Factor by which the time to the next retry must grow at least, where the server names none. Default 1.2; null to allow any. A
   * client that was refused the same request less than twice shows none.
   */
  readonly backoff?: number | null;
  /**
   * Relative spread that retries of the same number must have at least, so that clients refused together do not come back together.
   * Default 0.05; null to allow any. Fewer than four retries of the same number show none.
   */
  readonly jitter?: number | null;
}

/** Behaviour of a client after its first refusal, as `GET limiter/clients` reports it. Times are in ms. */
export interface ClientFigures {
  /** Key of the client. */
  readonly client: string;
  /** Number of requests. */
  readonly requests: number;
  /** Number of refused requests. */
  readonly refused: number;
  /** Number of requests that were retries. */
  readonly retries: number;
  /** Number of requests that may be retries: their bodies are not compared. */
  readonly uncertain: number;
  /** Number of retries of refusals with Retry-After. */
  readonly told: number;
  /** Number of retries that came before the time that Retry-After had named. */
  readonly early: number;
  /** Requests sent for each one intended. */
  readonly amplification: number;
  /** Time from a refusal to its retry; null without retries. */
  readonly spacing: {
    readonly mean: number;
    readonly min: number;
    readonly max: number;
  } | null;
  /** Relative spread of the spacing; null where there are too few retries. */
  readonly jitter: number | null;
  /** Factor by which the spacing grows from retry to retry; null where no request was retried twice. */
  readonly backoff: number | null;
  /** Behaviour in words. */
  readonly verdict: string;
}

const ACTION = "judge the manners of a client";

/**
 * Returns the clients that the limiter has refused since the start or the last reset, those with the most refusals first.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` if the limiter is off
 */
export function refusedClients(
  server: Pick<Perfmock, "fetch" | "config" | "url">,
): Promise<readonly ClientFigures[]> {
  return atCaller(refusedClients, async () => {
    const { path, token } = server.config.control;
    const request = new Request(
      new URL(`${path}/limiter/clients`, server.url),
      {
        ...token !== null && { headers: { authorization: `Bearer ${token}` } },
      },
    );
    const response = await server.fetch(request);
    if (response.status === 200) return (await response.json()).clients;
    await response.body?.cancel();
    throw invalid(ACTION, [{
      path: "/plugins/limiter",
      message: "The plugin limiter is off, which counts refusals and retries",
      value: response.status,
      allowed: "the plugin limiter, switched on",
    }]);
  });
}

/**
 * Asserts that clients which were refused retry with good manners: not before the time that Retry-After names, not too often, at
 * growing and spread distances.
 *
 * ```ts
 * import { assertMannered, createTestServer } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({
 *   routes: [{
 *     path: "/orders",
 *     limiter: { rateLimit: { rate: "1/s", burst: 1, status: 503 } },
 *   }],
 * });
 * for (const [wait] of [[0], [0], [3000]]) {
 *   server.clock.advance(wait);
 *   await (await server.request("/orders")).response.body?.cancel();
 * }
 * const [client] = await assertMannered(server.server, { retries: true });
 * console.assert(client.refused === 1 && client.retries === 1);
 * ```
 *
 * @param server server whose limiter has refused the clients
 * @returns figures of the clients that were judged
 * @throws AssertionError with every lapse of every client, or if none was refused often enough to show its manners
 * @throws PerfmockError `ARGUMENT_INVALID` if the limiter is off
 */
export function assertMannered(
  server: Pick<Perfmock, "fetch" | "config" | "url">,
  manners: Manners = {},
): Promise<readonly ClientFigures[]> {
  return atCaller(assertMannered, async () => {
    checkGiven(ACTION, manners, MANNERS, { name: "manners" });
    const all = await refusedClients(server);
    const { client, refusals = 1 } = manners;
    const judged = all.filter((one) =>
      (client === undefined || one.client === client) && one.refused >= refusals
    );
    const operator = "assertMannered";
    if (judged.length === 0) {
      const refused = all.map((one) =>
        `"${one.client}" (${times(one.refused)})`
      )
        .join(", ");
      throw failed(
        `No manners can be judged: ${
          client === undefined ? "no client" : `the client "${client}"`
        } was ${client === undefined ? "" : "not "}refused ${
          times(refusals)
        } or more; refused were ${refused || "none"}`,
        { actual: all, operator },
      );
    }
    const lines = judged.flatMap((one) => {
      const wrong = lapsesOf(one, manners);
      if (wrong.length === 0) return [];
      return [
        `Client "${one.client}", refused ${times(one.refused)}:`,
        ...wrong.map((line) => `  ${line}`),
        `  perfmock's verdict: ${one.verdict}`,
      ];
    });
    if (lines.length === 0) return judged;
    throw failed(lines.join("\n"), { actual: judged, operator });
  });
}

/** Lapses of one client, in words with figures. */
function lapsesOf(
  { early, told, retries, uncertain, amplification, backoff, jitter, spacing }:
    ClientFigures,
  manners: Manners,
): string[] {
  const most = {
    early: limit(manners.early, 0.05),
    amplification: limit(manners.amplification, 2),
    backoff: limit(manners.backoff, 1.2),
    jitter: limit(manners.jitter, 0.05),
  };
  const found: string[] = [];
  if (manners.retries === true && retries === 0) {
    found.push(
      uncertain === 0
        ? "it never came again"
        : `no request was surely a retry: ${uncertain} may be, since bodies are not compared (an Idempotency-Key would tell)`,
    );
  }
  if (most.early !== null && early > most.early * told) {
    found.push(
      `${early} of ${told} retries came before Retry-After allowed, ${
        percent(early / told)
      }; allowed are ${percent(most.early)}`,
    );
  }
  if (most.amplification !== null && amplification > most.amplification) {
    found.push(
      `it sent ${
        amplification.toFixed(2)
      } requests for each one intended; allowed are ${most.amplification}`,
    );
  }
  // Where the server names every time, a client has no reason to back off by itself.
  if (
    most.backoff !== null && backoff !== null && told < retries &&
    backoff < most.backoff
  ) {
    found.push(
      `its retries are ${
        backoff.toFixed(2)
      } times as far apart as those before${
        spacing && `, ${time(spacing.mean)} on average`
      }; expected are ${most.backoff} times`,
    );
  }
  if (most.jitter !== null && jitter !== null && jitter < most.jitter) {
    found.push(
      `its retries spread by ${percent(jitter)}; expected are ${
        percent(most.jitter)
      }, so that clients refused together do not come back together`,
    );
  }
  return found;
}

function times(n: number): string {
  return n === 1 ? "once" : `${n} times`;
}

/** A limit: undefined stands for the default, null for none. */
function limit(
  given: number | null | undefined,
  standard: number,
): number | null {
  return given === undefined ? standard : given;
}
