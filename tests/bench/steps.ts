/**
 * Time that perfmock's engines add to native code, seen from outside, when connections send in step.
 *
 * @module
 */
import type { Benchmark, Context, Row, Target } from "./benchmark.ts";
import { type ClosedLoop, closedLoop, type Seen } from "./closed_load.ts";
import { YOUNG_SPACE } from "../../core/lib/deno_flags.ts";
import { absentRows, onEngine, startEngine, startEngines } from "./engines.ts";
import { comparing, inTurn, WARM_UP } from "./rounds.ts";
import { type Server, startNative, startPerfmock } from "./servers.ts";
import { median, medianExcess, pick } from "./statistics.ts";

/** Configured delay, in ms. */
const DELAY = 20;
/** Time of a round, in s. 20 connections make 300 steps in it, so that the 99th percentile does not rest on one of them. */
const SECONDS = 6;
const NATIVE = "native C";
const SUBJECT = onEngine("native");
/** The same engine, in a process with the flags that `npx perfmock` and `serve --processes` give it. */
const WITH_FLAGS = `${SUBJECT}, started by npx`;

/** Number of connections, and the greatest excess at the 99th percentile that is allowed, in ms. */
const STEPS = [[20, 0.3], [100, 0.3], [400, 1]] as const;

/** Number of connections while the servers warm up: 20 make too few requests in that time for the last step of compilation. */
const WARM_UP_CONNECTIONS = 100;

const COLUMNS = [
  "answers/s",
  "p50 ms",
  "p99 ms",
  "excess p50 ms",
  "excess p99 ms",
];

/** Loads each server in turn, in a closed loop. */
export const steps: Benchmark = {
  name: "steps",
  measures:
    `Answers with a delay of ${DELAY} ms, seen from outside after ${WARM_UP} s of load by ${WARM_UP_CONNECTIONS} connections, when connections send in step; "excess" is the median over rounds of the difference from native C in the same round`,
  async run(context) {
    const loop = await closedLoop(context);
    const { servers, absent } = await startAll(context);
    const rows: Row[] = [];
    await inTurn(
      servers,
      ({ url }) =>
        loop({
          url: `${url}/wait`,
          connections: WARM_UP_CONNECTIONS,
          seconds: context.quick ? 1 : WARM_UP,
        }),
      comparing(true),
    );
    for (const [connections, tail] of STEPS) {
      const prefix = `${connections} connections, `;
      const targets = (label: string) =>
        label === SUBJECT || label === WITH_FLAGS ? excessTargets(tail) : [];
      const seen = await measure(context, { servers, connections, loop });
      rows.push(
        ...[...seen].map(([label, own]) => ({
          what: `${prefix}${label}`,
          values: figures(own, label === NATIVE ? undefined : seen.get(NATIVE)),
          targets: targets(label),
        })),
        ...absentRows(absent, COLUMNS, { prefix, targets }),
      );
    }
    return rows;
  },
};

function excessTargets(tail: number): readonly Target[] {
  return [
    { column: "excess p50 ms", atMost: 0.05 },
    { column: "excess p99 ms", atMost: tail },
  ];
}

async function startAll(context: Context) {
  const native = await startNative(context.children, DELAY);
  if (typeof native === "string") context.note(native);
  const config = {
    routes: [{
      path: "/wait",
      serviceTime: `${DELAY}ms`,
      response: { text: "ok" },
    }],
  };
  const { servers, absent } = await startEngines(context, config);
  const flagged = servers.has(SUBJECT)
    ? await startEngine(context, "native", {
      config,
      start: (children, config) =>
        startPerfmock(children, { config, flags: [YOUNG_SPACE] }),
    })
    : undefined;
  if (typeof flagged === "string") context.note(flagged);
  return {
    servers: new Map([
      ...(typeof native === "string" ? [] : [[NATIVE, native] as const]),
      ...servers,
      ...(typeof flagged === "object" ? [[WITH_FLAGS, flagged] as const] : []),
    ]),
    absent,
  };
}

async function measure(
  { quick, note }: Context,
  { servers, connections, loop }: {
    readonly servers: ReadonlyMap<string, Server>;
    readonly connections: number;
    readonly loop: ClosedLoop;
  },
): Promise<ReadonlyMap<string, readonly Seen[]>> {
  const drive = (seconds: number) => ({ url }: Server) =>
    loop({ url: `${url}/wait`, connections, seconds });
  await inTurn(servers, drive(1), comparing(true));
  const turns = await inTurn(
    servers,
    drive(quick ? 1 : SECONDS),
    comparing(quick),
  );
  note(`${connections} connections: ${turns.words}`);
  return turns.figures;
}

function figures(
  own: readonly Seen[],
  native: readonly Seen[] | undefined,
): Row["values"] {
  const excess = (key: keyof Seen) =>
    native === undefined
      ? NaN
      : medianExcess(pick(own, key), pick(native, key));
  return {
    "answers/s": Math.round(median(pick(own, "rate"))),
    "p50 ms": median(pick(own, "p50")),
    "p99 ms": median(pick(own, "p99")),
    "excess p50 ms": excess("p50"),
    "excess p99 ms": excess("p99"),
  };
}
