/**
 * The settings of each executor.
 *
 * @module
 */
import type { z as zod } from "zod";
import {
  type Distribution,
  type Issue,
  type Kit,
  type Schema,
  type Signal,
  toPointer,
} from "../../../core/plugin.ts";
import type { RequestPlan } from "../order.ts";
import {
  listedTimes,
  readTrace,
  type Trace,
  TRACE_FORMATS,
  type TraceFormat,
} from "./_read_trace.ts";
import { OWN_VALUES, readVariable, type Variable } from "./_read_variables.ts";
import {
  planRequests,
  readRequests,
  recordedRequests,
  type RequestReading,
  type Value,
} from "./_requests.ts";
import type { ScriptTools, Traffic } from "./script.ts";

/** How long what is under way at a scenario's end may go on where nothing is said, in ms. */
const GRACEFUL_STOP = 30_000;

/** How many may be under way where nothing is said. */
const MAX_IN_FLIGHT = 1000;

/** The most users of a scenario. */
const MOST_USERS = 100_000;

/** What all scenarios have that send requests. */
export interface WrittenTraffic {
  /** In ms. */
  readonly start: number;
  /** In ms. */
  readonly gracefulStop: number;
  /** How requests follow one another. */
  readonly pick: "weighted" | "in-order";
  /** As written. */
  readonly requests?: readonly unknown[];
}

/** Settings of arrival-rate. */
export interface WrittenArrivals extends WrittenTraffic {
  /** Evenly or at random. */
  readonly arrivals: "uniform" | "poisson";
  /** Per second. */
  readonly rate: Signal;
  /** In ms. */
  readonly duration: number;
  /** The most under way. */
  readonly maxInFlight: number;
}

/** Settings of virtual-users. */
export interface WrittenUsers extends WrittenTraffic {
  /** How many, over time. */
  readonly users: Signal;
  /** Between requests. */
  readonly think?: Distribution;
  /** Of each. */
  readonly iterations?: number;
  /** In ms. */
  readonly duration?: number;
}

/** Settings of shared-iterations. */
export interface WrittenShared extends WrittenTraffic {
  /** How many. */
  readonly users: number;
  /** Between requests. */
  readonly think?: Distribution;
  /** Of all. */
  readonly iterations: number;
  /** In ms. */
  readonly duration?: number;
}

/** Settings of replay. */
export interface WrittenReplay extends WrittenTraffic {
  /** What was recorded. */
  readonly trace: {
    /** Absolute. */
    readonly file?: string;
    /** Of the file. */
    readonly format?: TraceFormat;
    /** In ms. */
    readonly times?: readonly number[];
  };
  /** What the gaps are multiplied by. */
  readonly scale: number;
  /** The most under way. */
  readonly maxInFlight: number;
}

/** The schema of each executor that sends requests, by its name. */
export function trafficSchemas(
  kit: Kit,
): Readonly<Record<string, Schema<unknown>>> {
  const { z } = kit;
  const duration = kit.duration({ above: 0 });
  const traffic = (executor: string) => ({
    executor: z.literal(executor),
    start: kit.duration().default(0),
    gracefulStop: kit.duration().default(GRACEFUL_STOP),
    pick: z.enum(["weighted", "in-order"]).default("weighted"),
    // What these hold is read apart, so that all faults are told whatever else is wrong.
    variables: z.record(z.string(), z.unknown()).optional(),
    requests: requestList(z),
  });
  const maxInFlight = kit.integer({ min: 1 }).default(MAX_IN_FLIGHT);
  const iterations = kit.integer({ min: 1 });
  const think = kit.distribution().optional();
  return {
    "arrival-rate": z.strictObject({
      ...traffic("arrival-rate"),
      arrivals: z.enum(["poisson", "uniform"]).default("poisson"),
      rate: kit.signal(kit.rate()),
      duration,
      maxInFlight,
    }),
    "virtual-users": z.strictObject({
      ...traffic("virtual-users"),
      users: kit.signal(kit.number({ min: 0, max: MOST_USERS })),
      think,
      iterations: iterations.optional(),
      duration: duration.optional(),
    }).refine(
      (written) =>
        written.iterations !== undefined || written.duration !== undefined,
      {
        error: "Without iterations or a duration it has no end",
        params: { allowed: "iterations, duration, or both" },
      },
    ),
    "shared-iterations": z.strictObject({
      ...traffic("shared-iterations"),
      users: kit.integer({ min: 1, max: MOST_USERS }).default(1),
      think,
      iterations,
      duration: duration.optional(),
    }),
    replay: z.strictObject({
      ...traffic("replay"),
      requests: requestList(z).optional(),
      trace: z.strictObject({
        file: kit.file().optional(),
        format: z.enum(TRACE_FORMATS).optional(),
        times: z.array(kit.duration()).min(1).max(1_000_000).optional(),
      }).refine(
        ({ file, times }) => (file === undefined) !== (times === undefined),
        { error: "A trace is a file or a list of times" },
      ),
      scale: kit.number({ above: 0 }).default(1),
      maxInFlight,
    }),
  };
}

function requestList(z: typeof zod) {
  return z.array(z.unknown()).min(1, {
    error: "A scenario without requests sends nothing",
  });
}

/** Where a scenario stands, and what was written. */
export interface WrittenScenario {
  /** Unique in the script. */
  readonly name: string;
  /** Its place in the script. */
  readonly index: number;
  /** Its executor's name. */
  readonly executor: string;
  /** As written. */
  readonly object: Readonly<Record<string, unknown>>;
  /** A JSON Pointer to it. */
  readonly path: string;
}

/** A scenario that sends requests, read, and all of its faults. */
export interface TrafficReading extends WrittenScenario {
  /** The names that thresholds can use. */
  readonly parts: ReadonlySet<string>;
  /** All of them. */
  readonly faults: readonly Issue[];
  /** What its schema made of it; undefined where it has faults. */
  readonly settings: WrittenTraffic | undefined;
  /** Those without faults. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Its requests. */
  readonly requests: RequestReading;
  /** What was recorded, in a replay. */
  readonly trace: Trace | undefined;
}

/** The names that a place for a value can have. */
const NAME = /^[A-Za-z_]\w*$/;

/** Reads a scenario, whatever its own schema said of it. */
export function readTraffic(
  written: WrittenScenario,
  settings: {
    readonly value?: WrittenTraffic;
    readonly issues?: readonly Issue[];
  },
  tools: ScriptTools,
): TrafficReading {
  const { object, path, index } = written;
  const faults: Issue[] = [...settings.issues ?? []];
  const variables = new Map<string, Variable>();
  // A variable with a fault of its own is no unknown name.
  const values = new Map<string, Value>(OWN_VALUES);
  for (const [name, value] of Object.entries(objectOf(object.variables))) {
    const at = `${path}/variables${toPointer([name])}`;
    if (!NAME.test(name) || OWN_VALUES.has(name)) {
      faults.push({
        path: at,
        message: OWN_VALUES.has(name)
          ? `Every scenario has a value "${name}" of its own`
          : "A variable's name is made of letters, digits and _",
        value: name,
        allowed: "another name",
      });
      continue;
    }
    const { variable, faults: own } = readVariable(value, at, tools);
    faults.push(...own);
    values.set(name, () => "");
    if (variable !== undefined) variables.set(name, variable);
  }
  const requests = readRequests(
    Array.isArray(object.requests) ? object.requests : [],
    {
      scenario: index,
      path: `${path}/requests`,
      kit: tools.kit,
      names: { values, suggest: tools.suggest },
    },
  );
  faults.push(...requests.faults);
  const groups = new Set(requests.written.flatMap(({ group }) => group ?? []));
  const names = requests.written.flatMap(({ name }) => name ?? []);
  for (const name of new Set(names)) {
    const both = groups.has(name);
    if (!both && names.indexOf(name) === names.lastIndexOf(name)) continue;
    faults.push({
      path: `${path}/requests`,
      message: both
        ? `A request and a group are both named "${name}"`
        : `Two requests are named "${name}"`,
      value: name,
      allowed: "names of their own",
    });
  }
  const trace = readRecording(written, settings.value, faults);
  return {
    ...written,
    parts: new Set([...groups, ...names]),
    faults,
    settings: settings.value,
    variables,
    requests,
    trace,
  };
}

function objectOf(value: unknown): object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value
    : {};
}

function readRecording(
  { executor, path, object }: WrittenScenario,
  settings: WrittenTraffic | undefined,
  faults: Issue[],
): Trace | undefined {
  if (executor !== "replay" || settings === undefined) return undefined;
  const { file, format, times } = (settings as WrittenReplay).trace;
  const reading = file === undefined
    ? listedTimes(times ?? [])
    : readTrace(file, format ?? formatOf(file));
  if (reading.faults !== undefined) {
    faults.push(...reading.faults.map((issue) => ({
      ...issue,
      path: `${path}/trace${issue.path}`,
    })));
    return undefined;
  }
  if (reading.trace.choices === undefined && object.requests === undefined) {
    faults.push({
      path: `${path}/requests`,
      message: "The trace tells times only: requests are needed",
      allowed: "one request at least, or an access log or HAR as trace",
    });
  }
  return reading.trace;
}

function formatOf(file: string): TraceFormat {
  if (/\.har$/i.test(file)) return "har";
  return /\.log$/i.test(file) ? "access-log" : "times";
}

/** Puts a scenario together that has no faults. */
export async function planTraffic(
  reading: TrafficReading,
  seed: number | string,
  { stream }: Pick<ScriptTools, "stream">,
): Promise<Traffic> {
  const { name, index, executor, trace } = reading;
  const settings = reading.settings as WrittenTraffic;
  const of = (purpose: string) => stream(seed, `${name}/${purpose}`);
  const [arrivals, pick, think, ...own] = await Promise.all([
    of("arrivals"),
    of("pick"),
    of("think"),
    ...[...reading.variables.keys()].map((key) => of(`variable/${key}`)),
  ]);
  const values = new Map<string, Value>(OWN_VALUES);
  [...reading.variables].forEach(([key, variable], place) =>
    values.set(key, variable(own[place]))
  );
  const names = { values, suggest: () => undefined };
  const planned = planRequests(reading.requests.written, {
    scenario: index,
    names,
  });
  const requests: readonly RequestPlan[] = planned.length > 0
    ? planned
    : recordedRequests(trace?.requests ?? [], index);
  const base = {
    name,
    index,
    start: settings.start,
    gracefulStop: settings.gracefulStop,
    pick: settings.pick,
    requests,
    streams: { arrivals, pick, think },
  };
  switch (executor) {
    case "arrival-rate": {
      const { arrivals, rate, duration, maxInFlight } =
        settings as WrittenArrivals;
      return { ...base, executor, arrivals, rate, duration, maxInFlight };
    }
    case "virtual-users": {
      const { users, think, iterations = Infinity, duration = Infinity } =
        settings as WrittenUsers;
      return { ...base, executor, users, think, iterations, duration };
    }
    case "shared-iterations": {
      const { users, think, iterations, duration = Infinity } =
        settings as WrittenShared;
      return { ...base, executor, users, think, iterations, duration };
    }
    default: {
      const { scale, maxInFlight } = settings as WrittenReplay;
      const { times, choices } = trace as Trace;
      return {
        ...base,
        executor: "replay",
        times: times.map((time) => time * scale),
        choices: planned.length > 0 ? undefined : choices,
        maxInFlight,
      };
    }
  }
}
