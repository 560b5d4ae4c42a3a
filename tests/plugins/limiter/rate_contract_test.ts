/** The same requirements on rate limits in memory, and on those that replicas share through Redis. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import type { Exchange, Rejection } from "../../../core/plugin.ts";
import {
  RateLimit,
  type RateLimitSettings,
} from "../../../plugins/limiter/rate_limit.ts";
import { ALGORITHMS } from "../../../plugins/limiter/rate_limit_algorithms.ts";
import { Refusal } from "../../../plugins/limiter/refusal.ts";
import { SharedRateLimit } from "../../../plugins/limiter/shared/shared_rate_limit.ts";
import { program, TestRedis } from "../../support/redis.ts";
import { Replicas } from "./_replicas.ts";

/** A rate limit, seen from each of its replicas. */
interface Bench extends AsyncDisposable {
  readonly clock: PreciseClock;
  /** Lets a request with a header `x-key` ask, at each replica in turn. */
  ask(key?: string): Promise<{
    readonly rejection: Rejection | undefined;
    readonly headers: Readonly<Record<string, string>>;
  }>;
}

function exchangeAt(start: number, key: string): Exchange {
  return { start, header: () => key } as unknown as Exchange;
}

function inMemory(settings: RateLimitSettings): Promise<Bench> {
  const clock = new PreciseClock();
  const bound = new RateLimit("db", settings, () => "").bind("r");
  return Promise.resolve({
    clock,
    ask: (key = "") => {
      const exchange = exchangeAt(clock.now(), key);
      const rejection = bound.check(exchange);
      return Promise.resolve({
        rejection,
        headers: bound.headers(exchange, clock.now()),
      });
    },
    [Symbol.asyncDispose]: () => clock[Symbol.asyncDispose](),
  });
}

function shared(count: number) {
  return async (settings: RateLimitSettings): Promise<Bench> => {
    const redis = await TestRedis.start();
    const replicas = await Replicas.start({ url: redis.url, count });
    const { clock } = replicas;
    const limits = replicas.all.map(({ membership }) =>
      new SharedRateLimit({
        pool: "db",
        settings,
        clientOf: () => "",
        membership,
        onLost: new Refusal("shared_lost", { status: 503 }),
      }).bind("r")
    );
    let asked = 0;
    return {
      clock,
      ask: (key = "") => {
        const bound = limits[asked++ % count];
        const exchange = exchangeAt(clock.now(), key);
        return new Promise((resolve) =>
          bound.ask(exchange, (rejection) =>
            resolve({
              rejection,
              headers: bound.headers(exchange, clock.now()),
            }))
        );
      },
      async [Symbol.asyncDispose]() {
        await replicas[Symbol.asyncDispose]();
        await redis[Symbol.asyncDispose]();
      },
    };
  };
}

const KINDS = {
  "in memory": inMemory,
  ...program !== undefined && {
    "shared by one": shared(1),
    "shared by three": shared(3),
  },
};

function settingsFor(
  settings: Partial<RateLimitSettings>,
): RateLimitSettings {
  return {
    rate: 20,
    burst: 5,
    algorithm: "token-bucket",
    per: "pool",
    cost: 1,
    status: 429,
    retryAfterAs: "seconds",
    ...settings,
  };
}

for (const [kind, start] of Object.entries(KINDS)) {
  for (const algorithm of ALGORITHMS) {
    Deno.test(`a rate limit ${kind} lets the burst pass and tells when the next may: ${algorithm}`, async () => {
      await using bench = await start(settingsFor({ algorithm }));
      const { clock } = bench;
      if (algorithm === "fixed-window") {
        // Begins with the next window: the first refusal tells when.
        for (;;) {
          const { rejection } = await bench.ask();
          if (rejection === undefined) continue;
          await new Promise<void>((resolve) =>
            clock.at(
              clock.now() + (rejection.retryAfter ?? 0) * 1000 + 1,
              resolve,
              undefined,
            )
          );
          break;
        }
      }
      const from = clock.now();
      const answers = [];
      for (let i = 0; i < 5; i++) answers.push(await bench.ask());
      deepEqual(
        answers.map(({ rejection }) => rejection),
        Array(5).fill(undefined),
      );
      const { rejection } = await bench.ask();
      const passed = clock.now() - from;
      // The next token comes after 50 ms, the next window after 250.
      const { retryAfter = NaN } = rejection ?? {};
      equal(rejection?.status, 429);
      equal(rejection?.headers?.ratelimit, '"db";r=0;t=1');
      equal(rejection?.headers?.["ratelimit-policy"], '"db";q=5;w=1');
      const full = algorithm === "token-bucket" ? 50 : 250;
      ok(
        retryAfter * 1000 <= full + 1 &&
          (algorithm === "fixed-window"
            ? retryAfter > 0
            : retryAfter * 1000 > full - passed - 5),
        `${retryAfter} s`,
      );
      await new Promise<void>((resolve) =>
        clock.at(clock.now() + retryAfter * 1000 + 0.01, resolve, undefined)
      );
      equal((await bench.ask()).rejection, undefined);
    });
  }

  Deno.test(`a rate limit ${kind} counts partitions apart, and costs`, async () => {
    await using bench = await start(
      settingsFor({ per: { header: "x-key" }, cost: 2, rate: 0.1 }),
    );
    const passed = async (key: string) => {
      const { rejection } = await bench.ask(key);
      return rejection === undefined;
    };
    deepEqual(
      [
        await passed("a"),
        await passed("a"),
        await passed("a"),
        await passed("b"),
        await passed("b"),
        await passed("b"),
      ],
      [true, true, false, true, true, false],
    );
  });

  Deno.test(`a rate limit ${kind} says what is left`, async () => {
    await using bench = await start(settingsFor({ rate: 0.01 }));
    const { headers } = await bench.ask();
    deepEqual(headers, {
      "ratelimit-policy": '"db";q=5;w=500',
      ratelimit: '"db";r=4;t=100',
    });
  });
}
