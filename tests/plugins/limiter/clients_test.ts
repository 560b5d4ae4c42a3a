import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Exchange } from "../../../core/plugin.ts";
import {
  clientKey,
  Clients,
  MOST_CLIENTS,
} from "../../../plugins/limiter/clients.ts";
import {
  type RetryFigures,
  verdict,
} from "../../../plugins/limiter/retry_behaviour.ts";

function request(arrival: number, client: string): Exchange {
  return {
    arrival,
    header: (name: string) => name === "x-client" ? client : null,
  } as unknown as Exchange;
}

/** Makes clients that are told apart by a header. */
function watch(): Clients {
  return new Clients(clientKey("x-client"));
}

/** Sends a request of a client, which is refused at once or not. */
function send(
  clients: Clients,
  [client, at]: readonly [string, number],
  retryAfter?: number | "served",
): void {
  const exchange = request(at, client);
  clients.arrived(exchange);
  if (retryAfter === "served") return;
  clients.refused(exchange, {
    reason: "queue_full",
    status: 503,
    ...(retryAfter !== undefined && { retryAfter }),
  }, at);
}

function of(clients: Clients, name: string) {
  const report = clients.report().clients.find(({ client }) => client === name);
  ok(report !== undefined, `${name} is unknown`);
  return report;
}

Deno.test("the verdict on a client that retries too early and at equal intervals names both", () => {
  const clients = watch();
  // Refused nine times, back every 100 ms, told 1 s; served at the tenth attempt.
  for (let n = 0; n < 9; n++) send(clients, ["hasty", n * 100], 0.3);
  send(clients, ["hasty", 900], "served");
  const { verdict, ...figures } = of(clients, "hasty");
  deepEqual(figures, {
    client: "hasty",
    requests: 10,
    refused: 9,
    retries: 9,
    told: 9,
    early: 9,
    amplification: 10,
    spacing: { mean: 100, min: 100, max: 100 },
    jitter: null,
    backoff: 1,
  });
  match(verdict, /^Comes back too early: 9 of 9 retries/);
  match(verdict, /multiplies its load by 10\.0/);
});

Deno.test("the verdict on a client that waits as told and spreads its retries is good", () => {
  const clients = watch();
  for (let n = 0; n < 10; n++) {
    send(clients, ["good", n * 10_000], 1);
    send(clients, ["good", n * 10_000 + 1000 + n * 50], "served");
  }
  const { verdict, ...figures } = of(clients, "good");
  deepEqual(
    [figures.requests, figures.retries, figures.early, figures.amplification],
    [20, 10, 0, 2],
  );
  deepEqual(figures.spacing, { mean: 1225, min: 1000, max: 1450 });
  // The standard deviation of 1000, 1050, … 1450 is 151.4.
  ok(Math.abs((figures.jitter ?? 0) - 151.3825 / 1225) < 1e-6);
  equal(figures.backoff, null);
  match(verdict, /^Well-mannered: waits as long as it is told/);
});

Deno.test("exponential back-off is not counted as jitter, and is measured as a factor", () => {
  const clients = watch();
  for (let n = 0; n < 10; n++) {
    let at = n * 100_000;
    for (let attempt = 0; attempt < 4; attempt++) {
      send(clients, ["doubling", at]);
      at += 100 * 2 ** attempt;
    }
    send(clients, ["doubling", at], "served");
  }
  const { jitter, backoff, told, early, verdict } = of(clients, "doubling");
  deepEqual([jitter, told, early], [0, 0, 0]);
  equal(backoff?.toFixed(6), "2.000000");
  match(verdict, /without jitter \(0\.0 % spread\)/);
  ok(!verdict.includes("back off"));
});

Deno.test("a request long after a refusal is a new one, not a retry", () => {
  const clients = watch();
  send(clients, ["a", 0], 10);
  send(clients, ["b", 30_000], 10);
  send(clients, ["a", 71_000], "served");
  deepEqual(
    [of(clients, "a").requests, of(clients, "a").retries],
    [2, 0],
  );
  match(of(clients, "a").verdict, /^Was refused once and never retried/);
  send(clients, ["a", 200_000], "served");
  equal(of(clients, "a").requests, 2, "no request was refused lately");
});

Deno.test("a client that was never refused is not listed; the sum of all is", () => {
  const clients = watch();
  equal(clients.report().all.verdict, "No request was refused");
  send(clients, ["lucky", 0], "served");
  send(clients, ["a", 1], 1);
  send(clients, ["lucky", 2], "served");
  send(clients, ["b", 3], 1);
  send(clients, ["b", 4], 1);
  send(clients, ["b", 1500], "served");
  send(clients, ["a", 1600], "served");
  const { clients: list, all } = clients.report();
  deepEqual(list.map(({ client }) => client), ["b", "a"]);
  deepEqual(
    [all.requests, all.refused, all.retries, all.early],
    [5, 3, 3, 1],
  );
});

Deno.test("of a client with many refusals at once a limited number is remembered", () => {
  const clients = watch();
  for (let n = 0; n < 300; n++) send(clients, ["a", 0], 1);
  for (let n = 0; n < 400; n++) send(clients, ["a", 2000 + n], "served");
  // Each of the first 300 but the first is taken for a retry of the one before.
  deepEqual([of(clients, "a").requests, of(clients, "a").retries], [700, 300]);
});

Deno.test("clients beyond the maximum share one entry", () => {
  const clients = watch();
  for (let n = 0; n <= MOST_CLIENTS + 5; n++) send(clients, [`${n}`, n], 1);
  const { clients: list, all } = clients.report();
  equal(list.length, MOST_CLIENTS + 1);
  equal(all.refused, MOST_CLIENTS + 6);
  equal(of(clients, "__overflow__").refused, 6);
});

Deno.test("a refusal after a wait counts for the attempt of its request", () => {
  const clients = watch();
  const first = request(0, "a");
  clients.arrived(first);
  const timeout = { reason: "queue_timeout", status: 503 };
  clients.refused(first, timeout, 500);
  const second = request(700, "a");
  clients.arrived(second);
  clients.refused(second, timeout, 1200);
  const third = request(1600, "a");
  clients.arrived(third);
  const { backoff, spacing } = of(clients, "a");
  deepEqual([backoff, spacing], [2, { mean: 300, min: 200, max: 400 }]);
});

Deno.test("clients are distinguished by a header, by default the first forwarded address, else by their own address", () => {
  const exchange = (headers: Record<string, string>, client?: string) => ({
    header: (name: string) => headers[name] ?? null,
    client,
  });
  const forwarded = clientKey(undefined);
  equal(
    forwarded(exchange({ "x-forwarded-for": "10.0.0.1, 10.0.0.2" })),
    "10.0.0.1",
  );
  equal(forwarded(exchange({ "x-forwarded-for": "" })), "unknown");
  equal(forwarded(exchange({})), "unknown");
  equal(forwarded(exchange({}, "10.0.0.9")), "10.0.0.9");
  const both = exchange({ "x-forwarded-for": "10.0.0.1" }, "10.0.0.9");
  equal(forwarded(both), "10.0.0.1");
  equal(clientKey("x-id")(both), "10.0.0.9", "who names a header means it");
  equal(clientKey("x-id")(exchange({ "x-id": "7" }, "10.0.0.9")), "7");
  equal(clientKey("x-id")(exchange({})), "unknown");
});

const FINE: RetryFigures = {
  requests: 15,
  refused: 5,
  retries: 5,
  told: 0,
  early: 0,
  amplification: 1.5,
  spacing: { mean: 1, min: 1, max: 1 },
  jitter: 0.3,
  backoff: 2,
};

Deno.test("verdict() describes a client's errors in plain words", () => {
  equal(verdict(FINE), "Well-mannered: backs off and spreads its retries");
  equal(
    verdict({ ...FINE, backoff: 1.1 }),
    "Does not back off: its retries stay as frequent as the first",
  );
  equal(
    verdict({ ...FINE, told: 5, backoff: 1 }),
    "Well-mannered: waits as long as it is told and spreads its retries",
  );
  equal(
    verdict({ ...FINE, retries: 0, refused: 3 }),
    "Was refused 3 times and never retried",
  );
  equal(
    verdict({ ...FINE, told: 100, early: 5 }),
    "Well-mannered: waits as long as it is told and spreads its retries",
  );
});
