/**
 * First requests of configurations with few and many routes: the router must not be built while a request waits.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { startEngines } from "./engines.ts";
import { LeanClient, prepareRequest } from "./lean_client.ts";
import type { Server } from "./servers.ts";
import { quantiles } from "./statistics.ts";

/** Service time of each route, in ms. */
const SERVICE = 1;

/** Numbers of routes. */
const COUNTS: readonly number[] = [10, 1000, 5000];

/** Asks servers with several numbers of routes for URLs that they know and do not know yet. */
export const routes: Benchmark = {
  name: "routes",
  measures: `First requests of ${
    COUNTS.join(", ")
  } routes of ${SERVICE} ms, one after another, in milliseconds until the first byte: the first of all, and how much of it Server-Timing does not name; those of one URL; those of URLs that are new; and the first after a PATCH of one route`,
  async run(context) {
    const rows: Row[] = [];
    for (const count of context.quick ? COUNTS.slice(0, 1) : COUNTS) {
      const samples = new Map<string, Sample[]>();
      for (let round = 0; round < (context.quick ? 1 : 5); round++) {
        const { servers } = await startEngines(context, config(count));
        for (const [label, server] of servers) {
          const sample = await measure(context, server, count);
          samples.set(label, [...samples.get(label) ?? [], sample]);
          await server.child.stop();
        }
      }
      for (const [label, all] of samples) {
        rows.push(toRow(`${count} routes, ${label}`, all));
      }
    }
    return rows;
  },
};

function config(count: number) {
  return {
    routes: Array.from({ length: count }, (_, index) => ({
      id: `r${index}`,
      path: `/api/v1/res${index}/:id/sub/:x`,
      serviceTime: SERVICE,
      response: { json: { index } },
    })),
  };
}

/** Times of one server, in ms. */
interface Sample {
  readonly first: number;
  readonly unsaid: number;
  readonly known: readonly number[];
  readonly fresh: readonly number[];
  readonly patched: number;
}

async function measure(
  { quick }: Context,
  { url }: Server,
  count: number,
): Promise<Sample> {
  const { hostname, port } = new URL(url);
  using client = new LeanClient({ hostname, port: Number(port) });
  const ask = async (path: string): Promise<number> => {
    const request = prepareRequest("GET", new URL(url + path));
    const { firstByteAt, sentAt, status } = await client.exchange(request);
    if (status !== 200) throw new Error(`The answer was ${status}`);
    return firstByteAt - sentAt;
  };
  const first = await ask("/api/v1/res7/1/sub/1");
  const unsaid = first - totalIn(client.header("server-timing"));
  const repeats = quick ? 5 : 100;
  const known: number[] = [];
  const fresh: number[] = [];
  for (let i = 0; i < repeats; i++) {
    known.push(await ask("/api/v1/res7/1/sub/1"));
    fresh.push(await ask(`/api/v1/res${(7919 * i) % count}/${i}/sub/2`));
  }
  const change = await fetch(`${url}/_perfmock/routes/r5`, {
    method: "PATCH",
    body: JSON.stringify({ scale: 1 }),
  });
  await change.body?.cancel();
  if (!change.ok) throw new Error(`The change was refused: ${change.status}`);
  return {
    first,
    unsaid,
    known,
    fresh,
    patched: await ask("/api/v1/res7/1/sub/3"),
  };
}

/** Total in a Server-Timing header, in ms; NaN if there is none. */
function totalIn(timing: string | null): number {
  return Number(/total;dur=([\d.]+)/.exec(timing ?? "")?.[1] ?? NaN);
}

function toRow(what: string, samples: readonly Sample[]): Row {
  const of = (part: (sample: Sample) => number | readonly number[]) =>
    samples.flatMap(part);
  const median = (values: readonly number[]) => quantiles(values, [0.5])[0];
  const [fresh50, fresh99] = quantiles(of(({ fresh }) => fresh), [0.5, 0.99]);
  return {
    what,
    values: {
      "starts": samples.length,
      "first ms": median(of(({ first }) => first)),
      "first unsaid ms": median(of(({ unsaid }) => unsaid)),
      "same URL p50 ms": median(of(({ known }) => known)),
      "new URL p50 ms": fresh50,
      "new URL p99 ms": fresh99,
      "after PATCH ms": median(of(({ patched }) => patched)),
    },
  };
}
