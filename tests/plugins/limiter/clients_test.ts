import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createStream } from "../../../core/lib/random/mod.ts";
import type { Exchange } from "../../../core/plugin.ts";
import {
  clientKey,
  Clients,
  identityOf,
  MOST_CLIENTS,
} from "../../../plugins/limiter/clients.ts";
import {
  type RetryFigures,
  verdict,
} from "../../../plugins/limiter/retry_behaviour.ts";

/** A request, by default a GET of "/" without a body. */
interface Sent {
  readonly method?: string;
  readonly path?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

function request(arrival: number, client: string, sent: Sent = {}): Exchange {
  const { method = "GET", headers = {} } = sent;
  return {
    arrival,
    method,
    path: "path" in sent ? sent.path : "/",
    header: (name: string) =>
      name === "x-client" ? client : headers[name] ?? null,
  } as unknown as Exchange;
}

/** Makes clients that are told apart by a header. */
function watch(): Clients {
  return new Clients(clientKey("x-client"));
}

/** Sends a request of a client, which is refused at once, with or without Retry-After in s, or served at once. */
function send(
  clients: Clients,
  [client, at]: readonly [string, number],
  retryAfter?: number | "served",
  sent?: Sent,
): void {
  const exchange = request(at, client, sent);
  clients.arrived(exchange);
  const end = { status: 200, outcome: "answered", end: at };
  if (retryAfter !== "served") {
    clients.refused(exchange, {
      reason: "queue_full",
      status: 503,
      ...(retryAfter !== undefined && { retryAfter }),
    }, at);
    Object.assign(end, { status: 503, outcome: "rejected" });
  }
  clients.ended(Object.assign(exchange, end as Partial<Exchange>));
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
    uncertain: 0,
    jitter: null,
    backoff: 1,
    repeats: null,
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
  equal(
    verdict,
    "Well-mannered: waits as long as it is told and spreads its retries",
  );
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
  const item = (n: number) => ({ path: `/items/${n}` });
  for (let n = 0; n < 300; n++) send(clients, ["a", 0], 1, item(n));
  for (let n = 0; n < 300; n++) {
    send(clients, ["a", 2000 + n], "served", item(n));
  }
  deepEqual([of(clients, "a").requests, of(clients, "a").retries], [600, 128]);
});

Deno.test("different requests of a client that never retries are no retries", () => {
  const POST = { method: "POST", headers: { "content-length": "9" } };
  const different: Readonly<Record<string, (n: number) => Sent>> = {
    paths: (n) => ({ path: `/items/${n}` }),
    queries: (n) => ({ path: `/items?page=${n}` }),
    methods: (n) => ({
      method: ["GET", "HEAD", "DELETE"][n % 3],
      path: `/${n / 3 | 0}`,
    }),
    "idempotency keys": (n) => ({
      ...POST,
      headers: { ...POST.headers, "idempotency-key": `${n}` },
    }),
    digests: (n) => ({
      ...POST,
      headers: { ...POST.headers, "content-digest": `sha-256=:${n}:` },
    }),
    lengths: (n) => ({ ...POST, headers: { "content-length": `${n + 1}` } }),
  };
  for (const [what, sent] of Object.entries(different)) {
    const clients = watch();
    for (let n = 0; n < 10; n++) send(clients, ["a", n * 20], 1, sent(n));
    const { retries, uncertain, amplification, verdict } = of(clients, "a");
    deepEqual([retries, uncertain, amplification], [0, 0, 1], what);
    equal(verdict, "Was refused 10 times and never retried", what);
  }
});

Deno.test("a page that obeys Retry-After is not too early, in whatever order its requests come back", () => {
  const clients = watch();
  const page = Array.from({ length: 9 }, (_, n) => ({ path: `/part/${n}` }));
  // The parts are refused one after another, each is told another time, and the last is told to come first.
  const due = page.map((sent, n) => {
    send(clients, ["page", n * 100], 9 - n, sent);
    return { sent, at: n * 100 + (9 - n) * 1000 };
  });
  for (const { sent, at } of due.toSorted((a, b) => a.at - b.at)) {
    // A timer of the client may fire a little early.
    send(clients, ["page", at - 1], "served", sent);
  }
  const { retries, told, early, verdict } = of(clients, "page");
  deepEqual([retries, told, early], [9, 9, 0]);
  // The times differ because the server named different ones: the client spreads nothing.
  equal(
    verdict,
    "Waits as long as it is told, but retries without jitter (0.0 % spread): clients refused together come back together",
  );
});

Deno.test("a request with a body that is not compared may be a retry: that cannot be told", () => {
  for (
    const headers of [
      { "content-length": "20" },
      { "transfer-encoding": "chunked" },
      {}, // HTTP/2 does not announce a body.
    ] as Readonly<Record<string, string>>[]
  ) {
    const clients = watch();
    const order = { method: "POST", path: "/orders", headers };
    for (let n = 0; n < 10; n++) send(clients, ["a", n * 20], 1, order);
    const { retries, uncertain, early, verdict } = of(clients, "a");
    deepEqual([retries, uncertain, early], [0, 9, 0]);
    match(
      verdict,
      /^Cannot tell whether 9 requests were retries, since bodies/,
    );
    send(clients, ["a", 300], 1, { path: "/a" });
    send(clients, ["a", 400], "served", { path: "/a" });
    match(
      of(clients, "a").verdict,
      /^Comes back too early: 1 of 1.*; cannot tell whether 9 requests were/,
    );
  }
  // Neither can it be told where there is no HTTP request, as in simulation.
  const clients = watch();
  send(clients, ["a", 0], 1, { path: undefined });
  send(clients, ["a", 5], 1, { path: undefined });
  match(of(clients, "a").verdict, /^Cannot tell whether one request was/);
});

Deno.test("the same Idempotency-Key or digest makes a request with a body a retry", () => {
  for (
    const name of [
      "idempotency-key",
      "content-digest",
      "repr-digest",
      "digest",
      "content-md5",
    ]
  ) {
    const clients = watch();
    const order = {
      method: "POST",
      path: "/orders",
      headers: { "content-length": "20", [name]: "x" },
    };
    send(clients, ["a", 0], 1, order);
    send(clients, ["a", 100], "served", order);
    const { retries, uncertain, early } = of(clients, "a");
    deepEqual([retries, uncertain, early], [1, 0, 1], name);
  }
});

Deno.test("retries of a client that sends the same whatever comes cannot be told", () => {
  const clients = watch();
  // A page that asks every second: every third time it is refused.
  for (let n = 0; n < 30; n++) {
    send(clients, ["poll", n * 1000], n % 3 === 0 ? 1 : "served");
  }
  const { repeats, verdict } = of(clients, "poll");
  deepEqual(repeats, { count: 19, sinceSent: 1000, sinceAnswered: 1000 });
  equal(
    verdict,
    "Cannot tell retries from new requests: it sends the same requests again as soon where they are served (after 1.0 s) as where they are refused (after 1.0 s)",
  );
  // One that comes back far sooner after a refusal than after an answer retries.
  for (let n = 0; n < 10; n++) {
    send(clients, ["user", n * 1000]);
    send(clients, ["user", n * 1000 + 50], "served");
  }
  match(of(clients, "user").verdict, /^Retries without jitter/);
  // So does one that backs off only where it is refused.
  for (let n = 0; n < 10; n++) {
    send(clients, ["loop", n * 1000]);
    send(clients, ["loop", n * 1000 + 900], "served");
    send(clients, ["loop", n * 1000 + 900], "served");
  }
  match(of(clients, "loop").verdict, /^Retries without jitter/);
});

Deno.test("the load of an open model is no retry, although one client sends it", () => {
  for (const arrivals of ["uniform", "poisson"]) {
    const judged = watch();
    let now = 0;
    const source = createStream([1, 2], arrivals);
    const under: { end: number; exchange: Exchange }[] = [];
    for (let n = 0; n < 3000; n++) {
      now += arrivals === "uniform" ? 10 : -10 * Math.log(source.uniform(n));
      while (under.length > 0 && under[0].end <= now) {
        const [{ end, exchange }] = under.splice(0, 1);
        judged.ended(
          Object.assign(
            exchange,
            { outcome: "answered", status: 200, end } as const,
          ),
        );
      }
      const exchange = request(now, "k6");
      judged.arrived(exchange);
      // Two places of 25 ms.
      if (under.length < 2) {
        under.push({ end: now + 25, exchange });
        continue;
      }
      judged.refused(exchange, {
        reason: "queue_full",
        status: 503,
        retryAfter: 1,
      }, now);
      judged.ended(
        Object.assign(
          exchange,
          { outcome: "rejected", status: 503, end: now } as const,
        ),
      );
    }
    match(of(judged, "k6").verdict, /^Cannot tell retries from new requests/);
  }
});

Deno.test("a request that is sent again while it is under way is no retry", () => {
  const clients = watch();
  send(clients, ["a", 0], undefined, { path: "/other" });
  for (let n = 0; n < 3; n++) clients.arrived(request(10, "a"));
  const { retries, repeats } = of(clients, "a");
  deepEqual([retries, repeats], [0, {
    count: 2,
    sinceSent: 0,
    sinceAnswered: 0,
  }]);
  // One that failed is neither: its client may have retried it for that.
  const failed = request(20, "a", { path: "/failing" });
  clients.arrived(failed);
  clients.ended(
    Object.assign(
      failed,
      { outcome: "answered", status: 500, end: 20 } as const,
    ),
  );
  send(clients, ["a", 30], "served", { path: "/failing" });
  equal(of(clients, "a").repeats?.count, 2);
});

Deno.test("requests that were queued before their client was known are counted with their refusals", () => {
  const clients = watch();
  const waiting = [1, 2, 3].map((n) => request(n, "a", { path: `/${n}` }));
  for (const exchange of waiting) clients.arrived(exchange);
  for (const exchange of waiting) {
    clients.refused(exchange, { reason: "queue_timeout", status: 503 }, 500);
  }
  const { requests, refused, amplification } = of(clients, "a");
  deepEqual([requests, refused, amplification], [3, 3, 1]);
  equal(clients.report().all.requests, 3);
});

Deno.test("identityOf() tells clients apart, so that those who share an entry do not retry each other's requests", () => {
  const clients = watch();
  for (let n = 0; n < MOST_CLIENTS + 20; n++) send(clients, [`${n}`, 0], 1);
  const { refused, retries } = of(clients, "__overflow__");
  deepEqual([refused, retries], [20, 0]);
  const one = request(0, "a");
  ok(identityOf(one, "a").key !== identityOf(one, "b").key);
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
  uncertain: 0,
  repeats: null,
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
  equal(
    verdict({ ...FINE, told: 5, jitter: 0.001 }),
    "Waits as long as it is told, but retries without jitter (0.1 % spread): clients refused together come back together",
  );
});

Deno.test("verdict() praises and blames only what was measured", () => {
  // Three retries within half a millisecond show no spread.
  equal(
    verdict({
      ...FINE,
      refused: 3,
      retries: 3,
      told: 3,
      jitter: null,
      backoff: null,
    }),
    "Well-mannered: waits as long as it is told; 3 retries do not show whether it spreads them",
  );
  equal(
    verdict({ ...FINE, refused: 1, retries: 1, jitter: null, backoff: null }),
    "Cannot tell yet: one retry does not show whether it spreads them",
  );
  equal(
    verdict({ ...FINE, jitter: null }),
    "Well-mannered: backs off; 5 retries do not show whether it spreads them",
  );
  equal(
    verdict({ ...FINE, backoff: null }),
    "Well-mannered: spreads its retries",
  );
});
