import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import {
  createStream,
  hashKey,
  streamKey,
} from "../../../core/lib/random/mod.ts";
import { validate } from "../../../core/config/validate.ts";
import {
  type Distribution,
  PerfmockError,
  type Stream,
} from "../../../core/plugin.ts";
import {
  BlockOrders,
  createSampler,
  INDEPENDENT,
  type SampledRoute,
  type Sampling,
  samplingSchema,
} from "../../../plugins/distributions/sampling.ts";
import { compile, kit, make } from "./_compile.ts";

const key = await streamKey(42, "orders");

/** A route with this number of arrivals. */
function route(arrivals = 0): SampledRoute {
  return {
    arrivals,
    stream: (purpose) => createStream(key, purpose),
    placeOf: hashKey,
  };
}

function exact(block: number): Sampling {
  return { scheme: "exact", block, header: undefined };
}

/** Service times of exchanges without headers. */
function drawn(
  distribution: Distribution,
  sampling: Sampling,
  sequences: Iterable<number>,
): number[] {
  const { draw } = createSampler(distribution, sampling, route());
  return [...sequences].map((sequence) => draw({ sequence }));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function blockOrders(
  size: number,
  stream: Stream = createStream(key, "order"),
): BlockOrders {
  return new BlockOrders(size, stream);
}

function ranks(of: BlockOrders, size: number, block: number): number[] {
  return range(block * size, (block + 1) * size).map((n) => of.rank(n));
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

const LONG_TAILED = make("lognormal", { mu: Math.log(120), sigma: 1 });

Deno.test("BlockOrders has every rank once in each block, for any size", () => {
  for (const size of [2, 3, 200, 10_000]) {
    const blocks = blockOrders(size);
    for (const block of [0, 1, 7]) {
      deepEqual(ascending(ranks(blocks, size, block)), range(0, size));
    }
  }
});

Deno.test("BlockOrders shuffles each block and each stream differently", () => {
  const blocks = blockOrders(200);
  const orders = range(0, 20).map((block) => ranks(blocks, 200, block).join());
  orders.push(
    ranks(blockOrders(200, createStream(key, "other")), 200, 0).join(),
  );
  equal(new Set(orders).size, 21);
});

Deno.test("BlockOrders of size 2 has both orders", () => {
  const blocks = blockOrders(2);
  const orders = range(0, 64).map((block) => ranks(blocks, 2, block).join());
  deepEqual([...new Set(orders)].toSorted(), ["0,1", "1,0"]);
  const first = orders.filter((order) => order === "0,1").length;
  ok(first > 20 && first < 44, `${first} of 64`);
});

Deno.test("BlockOrders.rank() is a pure function of the sequence number: late, repeated and distant calls change nothing", () => {
  const size = 20;
  const wanted = range(0, 12).map((block) =>
    ranks(blockOrders(size), size, block)
  );
  const blocks = blockOrders(size);
  for (const block of [11, 0, 1, 0, 2, 3, 4, 5, 1, 11, 6, 10, 0]) {
    deepEqual(ranks(blocks, size, block), wanted[block], `block ${block}`);
  }
  const alternating = range(0, 100).map((n) => blocks.rank(n * 37 % 240));
  deepEqual(
    alternating,
    range(0, 100).map((n) => wanted.flat()[n * 37 % 240]),
  );
});

Deno.test("BlockOrders shuffles fairly: every rank is at every position about equally often", () => {
  const size = 5;
  const blocks = 20_000;
  const orders = blockOrders(size);
  const counts = new Array<number>(size * size).fill(0);
  for (let n = 0; n < size * blocks; n++) {
    counts[n % size * size + orders.rank(n)]++;
  }
  const expected = blocks / size;
  const chiSquare = counts.reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  // (size − 1)² = 16 degrees of freedom, α = 1e-3
  ok(chiSquare < 39.25, `χ² = ${chiSquare}`);
});

Deno.test("exact sampling: nearest-rank percentiles of every complete block are the configured ones", () => {
  const size = 200;
  for (
    const distribution of [
      LONG_TAILED,
      make("exponential", { mean: 30 }),
      make("normal", { mean: 100, sd: 10 }),
      compile({ gamma: { shape: 2, scale: "15ms" } }),
      compile({
        bimodal: {
          fast: "5ms",
          slow: { uniform: { min: 50, max: 90 } },
          slowShare: 0.2,
        },
      }),
    ]
  ) {
    const values = drawn(distribution, exact(size), range(0, 3 * size));
    for (const block of range(0, 3)) {
      const sorted = ascending(values.slice(block * size, (block + 1) * size));
      for (const p of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995]) {
        const rank = Math.round(p * size);
        equal(
          sorted[rank - 1],
          distribution.quantile?.(rank / size),
          `${distribution.family} p${p * 100}`,
        );
      }
    }
  }
});

Deno.test("exact sampling: interpolated percentiles of a complete block are within 0.4 %", () => {
  for (
    const distribution of [LONG_TAILED, make("exponential", { mean: 30 })]
  ) {
    const sorted = ascending(drawn(distribution, exact(200), range(0, 200)));
    for (const p of [0.5, 0.75, 0.9, 0.95, 0.99]) {
      // Linear interpolation between ranks, as in most tools.
      const place = p * (sorted.length - 1);
      const low = Math.floor(place);
      const read = sorted[low] +
        (place - low) * (sorted[low + 1] - sorted[low]);
      const wanted = distribution.quantile?.(p) ?? NaN;
      const error = Math.abs(read / wanted - 1);
      ok(error < 0.004, `${distribution.family} p${p * 100}: ${error}`);
    }
  }
});

Deno.test("exact sampling computes the values of a block only once", () => {
  let calls = 0;
  const distribution: Distribution = {
    ...LONG_TAILED,
    quantile: (u) => (calls++, LONG_TAILED.quantile?.(u) ?? NaN),
  };
  const { draw } = createSampler(distribution, exact(4), route());
  const before = calls;
  const values = range(0, 4000).map((sequence) => draw({ sequence }));
  equal(calls, before);
  equal(new Set(values).size, 4);
});

Deno.test("a sampler returns the number of requests until its block is complete, for exact sampling only", () => {
  const left = (arrivals: number, sampling = exact(200)) =>
    createSampler(LONG_TAILED, sampling, route(arrivals)).left;
  deepEqual([0, 1, 199, 200, 201].map((n) => left(n)), [0, 199, 1, 0, 199]);
  equal(left(5, INDEPENDENT), undefined);
});

Deno.test("independent draws are those of the distribution, by sequence number", () => {
  const stream = createStream(key, "service");
  deepEqual(
    drawn(LONG_TAILED, INDEPENDENT, [3, 0, 3, 2]),
    [3, 0, 3, 2].map((n) => LONG_TAILED.draw(stream, n)),
  );
});

Deno.test("sampling by a header draws by its value, or by the sequence number if it is absent", () => {
  const { draw } = createSampler(LONG_TAILED, {
    ...INDEPENDENT,
    header: "X-Request-Id",
  }, route());
  const asked = new Set<string>();
  const of = (sequence: number, id: string | null) =>
    draw({
      sequence,
      header: (name) => {
        asked.add(name);
        return id;
      },
    });
  equal(of(0, "a"), of(1, "a"));
  ok(of(0, "a") !== of(0, "b"));
  ok(of(7, "") !== of(7, null), "an empty value is a value");
  deepEqual(
    [of(4, null), of(5, null)],
    drawn(LONG_TAILED, INDEPENDENT, [4, 5]),
  );
  deepEqual([...asked], ["X-Request-Id"]);
});

Deno.test("sampling by a header draws by the sequence number if there are no headers at all", () => {
  const { stream, arrivals } = route();
  const { draw } = createSampler(LONG_TAILED, {
    ...INDEPENDENT,
    header: "X-Request-Id",
  }, { stream, arrivals });
  const [wanted] = drawn(LONG_TAILED, INDEPENDENT, [3]);
  equal(draw({ sequence: 3, header: () => "a" }), wanted);
  deepEqual(
    drawn(LONG_TAILED, { ...INDEPENDENT, header: "X-Request-Id" }, [3]),
    [wanted],
  );
});

Deno.test("exact sampling refuses a distribution without quantile function and a header, and reports both", () => {
  const sampled: Distribution = { ...LONG_TAILED, quantile: undefined };
  const issues = (distribution: Distribution, header?: string) => {
    try {
      createSampler(distribution, { ...exact(200), header }, route());
    } catch (error) {
      ok(error instanceof PerfmockError);
      return error.issues.map(({ path, allowed }) => [path, allowed]);
    }
    return [];
  };
  const scheme = ["/sampling/scheme", "random"];
  const place = ["/sampling/key", "sequence"];
  deepEqual(issues(sampled), [scheme]);
  deepEqual(issues(LONG_TAILED, "X-Id"), [place]);
  deepEqual(issues(sampled, "X-Id"), [scheme, place]);
});

Deno.test("the route key sampling has defaults, and reports values that it does not accept", () => {
  const schema = samplingSchema(kit);
  const parsed = (written: unknown) => {
    const result = validate(schema, written);
    return result.issues === undefined
      ? { value: result.value }
      : { paths: result.issues.map(({ path }) => path) };
  };
  deepEqual(parsed({}).value, INDEPENDENT);
  deepEqual(parsed({ scheme: "exact", block: 2 }).value, exact(2));
  deepEqual(parsed({ key: "header:X-Request-Id" }).value, {
    ...INDEPENDENT,
    header: "X-Request-Id",
  });
  deepEqual(parsed({ key: "sequence" }).value, INDEPENDENT);
  for (
    const [value, path] of [
      [{ scheme: "exakt" }, "/scheme"],
      [{ block: 1 }, "/block"],
      [{ block: 10_001 }, "/block"],
      [{ block: 2.5 }, "/block"],
      [{ key: "header:" }, "/key"],
      [{ key: "header:X Id" }, "/key"],
      [{ key: "cookie:id" }, "/key"],
      [{ kee: "sequence" }, "/kee"],
    ] as const
  ) {
    deepEqual(parsed(value).paths, [path]);
  }
});

Deno.test("the same seed gives the same order, another seed another", async () => {
  const other = createStream(await streamKey(43, "orders"), "order");
  deepEqual(ranks(blockOrders(200), 200, 0), ranks(blockOrders(200), 200, 0));
  notDeepEqual(
    ranks(blockOrders(200), 200, 0),
    ranks(blockOrders(200, other), 200, 0),
  );
});
