/**
 * Maximum throughput of routes without a delay, compared with bare Deno.serve, bare Hono and native code.
 *
 * @module
 */
import type { Benchmark, Context, Row, Target } from "./benchmark.ts";
import { type ClosedLoop, closedLoop } from "./closed_load.ts";
import { absentRows, onEngine, startEngines } from "./engines.ts";
import { usedTime } from "./process_figures.ts";
import { typicalAnswer } from "./raw_answer.ts";
import { inTurn, type Rounds } from "./rounds.ts";
import {
  type Server,
  startNative,
  startPerfmock,
  startScript,
} from "./servers.ts";
import { median, medianRatio, pick } from "./statistics.ts";

const CONNECTIONS = 50;
const TEXT = 'bare Deno.serve, "ok"';
// Clones one prepared answer: a lower bound of the cost, which no answer that depends on the request can reach.
const CLONE = "bare Deno.serve, perfmock's headers, all prepared";
const RECORD = "bare Deno.serve, perfmock's headers, a record each";
const HONO = 'bare Hono, "ok"';
const C = "native C, perfmock's bytes";
const CONFIG = { routes: [{ path: "/ok", response: { text: "ok" } }] };
const COLUMNS = [
  "answers/s",
  "busy",
  "µs of processor each",
  'of "ok"',
  "of same headers",
  "of same headers, by cost",
  "of prepared, by cost",
  "of native C",
  "of native C, by cost",
];

/** Targets by label. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  [onEngine("native")]: [
    { column: "of same headers", atLeast: 1.2 },
    { column: "of same headers, by cost", atLeast: 1.2 },
    { column: "of native C", atLeast: 0.75 },
    { column: "of native C, by cost", atLeast: 0.75 },
  ],
  [onEngine("deno")]: [
    { column: "of same headers", atLeast: 0.75 },
    { column: "of same headers, by cost", atLeast: 0.75 },
  ],
};

/** Result of one slice of load. */
interface Slice {
  /** Answers per second. */
  readonly rate: number;
  /** Processor time of the server per answer, in microseconds. */
  readonly cost: number;
  /** Processor time of the server divided by elapsed time; 1 is one whole core. */
  readonly busy: number;
}

/** Runs all servers at once and loads them one after the other in slices. */
export const throughput: Benchmark = {
  name: "throughput",
  measures:
    `0 ms routes over ${CONNECTIONS} connections, perfmock with all built-in plugins. A ratio is the median of the ratios of all rounds. "by cost" compares processor time per answer, because a ratio of rates favours the slower server if the client limits the faster one (busy below 95 %)`,
  async run(context) {
    const loop = await closedLoop(context);
    const { servers, absent } = await startAll(context);
    const rounds: Rounds = context.quick
      ? { wanted: 1, most: 1 }
      : { wanted: 7, most: 11 };
    const measure = (seconds: number) => (server: Server) =>
      measureSlice(server, loop, seconds);
    // A program in JavaScript is compiled while it runs; users measure what has run for a while.
    await inTurn(servers, measure(1), { wanted: 1, most: 1 });
    const turns = await inTurn(servers, measure(context.quick ? 1 : 2), rounds);
    context.note(turns.words);
    return [
      ...[...turns.figures].map(([name, own]) =>
        toRow(name, own, turns.figures)
      ),
      ...absentRows(absent, COLUMNS, {
        targets: (label) => TARGETS[label] ?? [],
      }),
    ];
  },
};

async function startAll(context: Context) {
  const { children, note } = context;
  const { servers: ours, absent } = await startEngines(context, CONFIG);
  const [model = await startPerfmock(children, { config: CONFIG })] = ours
    .values();
  const sample = JSON.stringify(await copyAnswer(`${model.url}/ok`));
  const bytes = await typicalAnswer(`${model.url}/ok`);
  const native = await startNative(children, 0, bytes);
  if (typeof native === "string") note(native);
  else note(`An answer of perfmock has ${bytes.length} bytes`);
  const servers = new Map([
    [TEXT, await startScript(children, "bare_text")],
    [CLONE, await startScript(children, "bare_clone", { args: [sample] })],
    [RECORD, await startScript(children, "bare_record", { args: [sample] })],
    [HONO, await startScript(children, "hono_text")],
    ...(typeof native === "string" ? [] : [[C, native] as const]),
    ...ours,
  ]);
  return { servers, absent };
}

/** Returns the headers and body of a live answer, without the headers that Deno adds to every answer. */
async function copyAnswer(url: string) {
  const response = await fetch(url, {
    headers: { "accept-encoding": "identity" },
  });
  const body = await response.text();
  const headers = new Headers(response.headers);
  headers.delete("date");
  headers.delete("content-length");
  return { headers: Object.fromEntries(headers), body };
}

async function measureSlice(
  { url, child }: Server,
  loop: ClosedLoop,
  seconds: number,
): Promise<Slice> {
  const before = usedTime(child.pid);
  const { requests, rate } = await loop({
    url: `${url}/ok`,
    connections: CONNECTIONS,
    seconds,
  });
  const used = usedTime(child.pid) - before;
  return {
    rate,
    cost: used / requests * 1000,
    busy: used / (requests / rate * 1000),
  };
}

function toRow(
  name: string,
  own: readonly Slice[],
  all: ReadonlyMap<string, readonly Slice[]>,
): Row {
  const rate = (theirs: string) =>
    medianRatio(pick(own, "rate"), pick(all.get(theirs) ?? [], "rate"));
  const cost = (theirs: string) =>
    medianRatio(pick(all.get(theirs) ?? [], "cost"), pick(own, "cost"));
  return {
    what: name,
    values: {
      "answers/s": Math.round(median(pick(own, "rate"))),
      "busy": median(pick(own, "busy")),
      "µs of processor each": median(pick(own, "cost")),
      'of "ok"': rate(TEXT),
      "of same headers": rate(RECORD),
      "of same headers, by cost": cost(RECORD),
      "of prepared, by cost": cost(CLONE),
      "of native C": rate(C),
      "of native C, by cost": cost(C),
    },
    targets: TARGETS[name] ?? [],
  };
}
