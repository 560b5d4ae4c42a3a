// Runs on a calm machine, without the profiler: measures long times.
/** Queueing systems over four replicas, in real time, compared with the same arrivals and service times in theory. */
import { deepEqual, equal, ok } from "node:assert/strict";
// Here these tests demand a Redis, which they do without elsewhere.
import "../core/shared/redis_test.ts";
import "../plugins/limiter/pool_contract_test.ts";
import "../plugins/limiter/rate_contract_test.ts";
import "../plugins/limiter/shared_losses_test.ts";
import "../plugins/limiter/shared_pool_test.ts";
import { createStream } from "../../core/lib/random/mod.ts";
import type { Lease, Rejection } from "../../core/plugin.ts";
import type { Entrant } from "../../plugins/limiter/queue.ts";
import { program, TestRedis } from "../support/redis.ts";
import { Replicas } from "../plugins/limiter/_replicas.ts";
import { ACCIDENTS, chances, Traffic } from "../plugins/limiter/_traffic.ts";

/** Arrivals and service times of a run, in ms. */
interface Trace {
  readonly arrivals: Float64Array;
  readonly services: Float64Array;
}

function traceOf(
  count: number,
  { between, service }: { readonly between: number; readonly service: number },
): Trace {
  const stream = createStream([3, 4], "trace");
  const arrivals = new Float64Array(count);
  const services = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    at -= between * Math.log(stream.uniform(i, 0));
    arrivals[i] = at;
    services[i] = -service * Math.log(stream.uniform(i, 1));
  }
  return { arrivals, services };
}

/** Waits and losses of one queue before c servers, first in, first out (Kiefer and Wolfowitz 1955). */
function inTheory(
  { arrivals, services }: Trace,
  c: number,
  room: number,
): { readonly wait: number; readonly lost: number } {
  const free = new Float64Array(c);
  let starts: number[] = [];
  let wait = 0;
  let lost = 0;
  for (let i = 0; i < arrivals.length; i++) {
    const at = arrivals[i];
    starts = starts.filter((start) => start > at);
    const next = free.indexOf(Math.min(...free));
    const start = Math.max(at, free[next]);
    if (start > at && starts.length >= room) {
      lost++;
      continue;
    }
    if (start > at) starts.push(start);
    wait += start - at;
    free[next] = start + services[i];
  }
  return { wait: wait / (arrivals.length - lost), lost };
}

/** The same with a shared pool, whose requests come to the replicas in turn. */
async function shared(
  { arrivals, services }: Trace,
  concurrency: number,
  capacity: number,
): Promise<
  { readonly wait: number; readonly lost: number; readonly peak: number }
> {
  await using redis = await TestRedis.start();
  await using replicas = await Replicas.start({
    url: redis.url,
    count: 4,
    concurrency,
    capacity,
  });
  const { all, clock } = replicas;
  const begin = clock.now() + 20;
  let wait = 0;
  let lost = 0;
  let busy = 0;
  let peak = 0;
  let open = arrivals.length;
  const { promise, resolve } = Promise.withResolvers<void>();
  const ended = () => --open === 0 && resolve();
  for (const [i, arrival] of arrivals.entries()) {
    const at = begin + arrival;
    const { pool } = all[i % all.length];
    const entrant: Entrant = {
      settle(outcome: Lease | Rejection, start = NaN) {
        if ("reason" in outcome) {
          lost++;
          ended();
          return;
        }
        wait += start - at;
        peak = Math.max(peak, ++busy);
        const due = start + services[i];
        clock.at(due, () => {
          busy--;
          pool.release(undefined, due);
          ended();
        }, undefined);
      },
    };
    clock.at(at, () => {
      const answer = pool.admit(entrant, at, 0);
      equal("leave" in answer, true);
    }, undefined);
  }
  await promise;
  return { wait: wait / (arrivals.length - lost), lost, peak };
}

if (program !== undefined) {
  Deno.test("M/M/4 over four replicas has the waits of one queue before four servers", async () => {
    const trace = traceOf(250, { between: 31, service: 100 });
    const theory = inTheory(trace, 4, Infinity);
    const { wait, lost, peak } = await shared(trace, 4, Infinity);
    equal(lost, 0);
    equal(peak, 4);
    ok(
      Math.abs(wait - theory.wait) < 0.12 * theory.wait + 0.5,
      `${wait} ms, in theory ${theory.wait} ms`,
    );
  });

  Deno.test("M/M/4/8 over four replicas has the losses and waits of one queue before four servers", async () => {
    const trace = traceOf(250, { between: 24, service: 100 });
    const theory = inTheory(trace, 4, 4);
    const { wait, lost, peak } = await shared(trace, 4, 4);
    equal(peak, 4);
    ok(
      Math.abs(lost - theory.lost) <= 0.15 * theory.lost + 5,
      `${lost} lost, in theory ${theory.lost}`,
    );
    ok(
      Math.abs(wait - theory.wait) < 0.2 * theory.wait + 0.5,
      `${wait} ms, in theory ${theory.wait} ms`,
    );
  });

  for (const onLost of ["divide", "closed"] as const) {
    Deno.test(`no series of accidents lets more requests be served than there are places, or wait for ever (${onLost})`, async () => {
      await using redis = await TestRedis.start();
      await using replicas = await Replicas.start({
        url: redis.url,
        count: 4,
        concurrency: 6,
        capacity: 20,
        onLost,
      });
      const traffic = new Traffic(replicas, 6, 2);
      const chance = chances(7);
      const names = Object.keys(ACCIDENTS);
      const met: string[] = [];
      traffic.run();
      const end = replicas.clock.now() + 12_000;
      while (replicas.clock.now() < end) {
        await replicas.pause(300 * chance.next().value);
        const name = names[Math.floor(chance.next().value * names.length)];
        met.push(name);
        await ACCIDENTS[name](redis, replicas);
      }
      await traffic.end(5000);
      deepEqual(traffic.violations, [], met.join(", "));
      ok(traffic.peak >= 5);
      ok(traffic.guests.length > 500);
      deepEqual(
        traffic.guests.filter(({ state }) => state === "waiting"),
        [],
      );
    });
  }
}
