import { deepEqual, equal, ok } from "node:assert/strict";
import { LiveExchange } from "../../../core/pipeline/exchange.ts";
import {
  REMEMBERED_BYTES,
  RouteFaults,
} from "../../../core/pipeline/faults.ts";
import type { Injected } from "../../../core/pipeline/exchange.ts";
import { createStream, streamKey } from "../../../core/lib/random/mod.ts";
import { testPlan } from "../../support/plan.ts";

const plan = testPlan();
const stream = createStream(await streamKey(42, "r"), "fault");

function injected(name: string): Injected & { readonly name: string } {
  return {
    name,
    action: "answer",
    status: 500,
    answer: undefined,
    counter: { add: () => {} },
  };
}

const A = injected("a");
const B = injected("b");

function share(of: number, what: Injected) {
  return { share: of, first: 0, header: undefined, injected: what };
}

function first(count: number, what: Injected, header?: string) {
  return { share: undefined, first: count, header, injected: what };
}

function at(sequence: number, value: string | null = null): LiveExchange {
  const x = new LiveExchange(plan, "GET", undefined);
  x.sequence = sequence;
  x.header = () => value;
  return x;
}

Deno.test("RouteFaults selects disjoint shares of requests, the same ones each time", () => {
  const count = 20_000;
  const met = () => {
    const faults = new RouteFaults([share(0.1, A), share(0.02, B)], stream);
    return Array.from({ length: count }, (_, n) => faults.decide(at(n)));
  };
  const once = met();
  deepEqual(met(), once);
  // 5 standard deviations of a binomial count: a fixed seed, so it holds or does not.
  for (const [what, p] of [[A, 0.1], [B, 0.02], [undefined, 0.88]] as const) {
    const found = once.filter((fault) => fault === what).length;
    ok(
      Math.abs(found - count * p) < 5 * Math.sqrt(count * p * (1 - p)),
      `${p}: ${found}`,
    );
  }
});

Deno.test("RouteFaults: a fault added after another does not change the requests that the first selects", () => {
  const alone = new RouteFaults([share(0.1, A)], stream);
  const both = new RouteFaults([share(0.1, A), share(0.5, B)], stream);
  for (let n = 0; n < 1000; n++) {
    equal(alone.decide(at(n)) === A, both.decide(at(n)) === A);
  }
});

Deno.test("RouteFaults selects all requests with a share of 1, none with a share of 0", () => {
  const all = new RouteFaults([share(0, B), share(1, A)], stream);
  for (let n = 0; n < 1000; n++) equal(all.decide(at(n)), A);
});

Deno.test("RouteFaults selects a route's first requests by sequence number, before any share", () => {
  const faults = new RouteFaults([share(1, B), first(2, A)], stream);
  deepEqual([3, 1, 2, 0].map((n) => faults.decide(at(n))), [B, A, B, A]);
});

Deno.test("RouteFaults counts first requests for each value of a header, and those without the header together", () => {
  const faults = new RouteFaults([first(2, A, "Idempotency-Key")], stream);
  const values = ["x", "y", "x", "x", null, "y", "y", null, null];
  deepEqual(values.map((value, n) => faults.decide(at(n, value)) === A), [
    true,
    true,
    true,
    false,
    true,
    true,
    false,
    true,
    false,
  ]);
  faults.reset();
  equal(faults.decide(at(9, "x")), A, "after a reset first requests are first");
});

Deno.test("RouteFaults remembers a bounded number of bytes of values, the most recent ones", () => {
  const faults = new RouteFaults([first(1, A, "K")], stream);
  for (let n = 0, before = -1; faults.bytes > before; n++) {
    before = faults.bytes;
    faults.decide(at(n, `${n}`));
    equal(faults.decide(at(0, "0")), undefined, "seen again");
  }
  ok(faults.bytes <= REMEMBERED_BYTES);
  equal(faults.decide(at(0, "0")), undefined, "remembered");
  equal(faults.decide(at(0, "1")), A, "forgotten");
});
