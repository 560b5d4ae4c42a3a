/**
 * Scenarios that send requests.
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
  type Stream,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import type { RequestPlan } from "../order.ts";
import { listedTimes, readTrace, traceIssues } from "./_read_trace.ts";
import { OWN_VALUES, readVariable, type Variable } from "./_read_variables.ts";
import {
  planRequests,
  readRequests,
  recordedRequests,
  type RequestReading,
  type Value,
} from "./_requests.ts";
import {
  type RecordedTrace,
  TRACE_FORMATS,
  type TraceFormat,
} from "./_trace_entries.ts";
import type { ScriptTools, Traffic } from "./script.ts";

/** Default time that active requests may continue after a scenario's end, in ms. */
const GRACEFUL_STOP = 30_000;

/** Default maximum number of active requests. */
const MAX_IN_FLIGHT = 1000;

/** Maximum number of users of a scenario. */
const MAX_USERS = 100_000;

/** Names of the executors that send requests. */
export const TRAFFIC_EXECUTORS = [
  "arrival-rate",
  "virtual-users",
  "shared-iterations",
  "replay",
] as const;

/** One of {@linkcode TRAFFIC_EXECUTORS}. */
export type TrafficExecutor = typeof TRAFFIC_EXECUTORS[number];

/** Settings of all scenarios that send requests. */
interface CommonSettings {
  readonly start: number;
  readonly gracefulStop: number;
  /** Order of the requests. */
  readonly pick: "weighted" | "in-order";
  /** The requests as written. */
  readonly requests?: readonly unknown[];
}

interface ArrivalRateSettings extends CommonSettings {
  readonly executor: "arrival-rate";
  /** Spacing of arrivals. */
  readonly arrivals: "uniform" | "poisson";
  /** Arrivals per second. */
  readonly rate: Signal;
  readonly duration: number;
  /** Maximum number of active requests. */
  readonly maxInFlight: number;
}

interface VirtualUsersSettings extends CommonSettings {
  readonly executor: "virtual-users";
  /** Number of users over time. */
  readonly users: Signal;
  /** Think time between requests, in ms. */
  readonly think?: Distribution;
  /** Number of turns of each user. */
  readonly iterations?: number;
  readonly duration?: number;
}

interface SharedIterationsSettings extends CommonSettings {
  readonly executor: "shared-iterations";
  /** Number of users. */
  readonly users: number;
  /** Think time between requests, in ms. */
  readonly think?: Distribution;
  /** Number of turns of all users together. */
  readonly iterations: number;
  readonly duration?: number;
}

interface ReplaySettings extends CommonSettings {
  readonly executor: "replay";
  /** The recording. */
  readonly trace: {
    /** Absolute path. */
    readonly file?: string;
    /** Format of the file. */
    readonly format?: TraceFormat;
    readonly times?: readonly number[];
    /** Hosts whose requests of a HAR are replayed. */
    readonly hosts?: readonly string[];
    /** Headers of a HAR that are replayed. */
    readonly headers?: readonly string[];
    /** True to refuse a recording that cannot be replayed completely. */
    readonly strict: boolean;
  };
  /** Factor of all gaps. */
  readonly scale: number;
  /** Maximum number of active requests. */
  readonly maxInFlight: number;
}

/** Settings of a scenario that sends requests, as its schema parses them. */
type TrafficSettings =
  | ArrivalRateSettings
  | VirtualUsersSettings
  | SharedIterationsSettings
  | ReplaySettings;

/** Makes the schemas of the settings of each executor. Contents of variables and requests have schemas of their own. */
export function trafficSchemas(
  kit: Kit,
): Readonly<Record<TrafficExecutor, Schema<TrafficSettings>>> {
  const { z, worded } = kit;
  const duration = kit.duration({ above: 0 });
  const common = {
    start: kit.duration().default(0),
    gracefulStop: kit.duration().default(GRACEFUL_STOP),
    pick: z.enum(["weighted", "in-order"]).default("weighted"),
    // Their contents are validated separately, so that all issues are reported whatever else is wrong.
    variables: z.record(z.string(), z.unknown()).optional(),
    requests: requestList(z),
  };
  const maxInFlight = kit.integer({ min: 1 }).default(MAX_IN_FLIGHT);
  const iterations = kit.integer({ min: 1 });
  const think = kit.distribution().optional();
  return {
    "arrival-rate": z.strictObject(worded({
      ...common,
      executor: z.literal("arrival-rate"),
      arrivals: z.enum(["poisson", "uniform"]).default("poisson"),
      rate: kit.signal(kit.rate()),
      duration,
      maxInFlight,
    }, {
      ...COMMON_WORDS,
      executor:
        "The open model: requests arrive at a rate, whatever becomes of those before",
      arrivals:
        "Spacing of arrivals: a Poisson process, or even (uniform): the k-th is due when the rate's integral passes k − ½",
      rate: "Arrivals over time",
      duration: "Time for which requests arrive",
      maxInFlight: WORDS.maxInFlight,
    })),
    "virtual-users": z.strictObject(worded({
      ...common,
      executor: z.literal("virtual-users"),
      users: kit.signal(kit.number({ min: 0, max: MAX_USERS })),
      think,
      iterations: iterations.optional(),
      duration: duration.optional(),
    }, {
      ...COMMON_WORDS,
      executor:
        "The closed model: each user sends its next request after the answer to the one before and a pause",
      users: "Number of users over time",
      think: WORDS.think,
      iterations: "Number of turns of each user. Default: no limit",
      duration: "Time for which users take turns. Default: no limit",
    })).refine(
      (written) =>
        written.iterations !== undefined || written.duration !== undefined,
      {
        error: "Without iterations or a duration it has no end",
        params: { allowed: "iterations, duration, or both" },
      },
    ),
    "shared-iterations": z.strictObject(worded({
      ...common,
      executor: z.literal("shared-iterations"),
      users: kit.integer({ min: 1, max: MAX_USERS }).default(1),
      think,
      iterations,
      duration: duration.optional(),
    }, {
      ...COMMON_WORDS,
      executor: "A fixed number of turns, which users share",
      users: "Number of users",
      think: WORDS.think,
      iterations: "Number of turns of all users together",
      duration: "Time after which no turn begins. Default: no limit",
    })),
    replay: z.strictObject(worded({
      ...common,
      executor: z.literal("replay"),
      requests: requestList(z).optional(),
      trace: traceSchema(kit),
      scale: kit.number({ above: 0 }).default(1),
      maxInFlight,
    }, {
      ...COMMON_WORDS,
      executor: "Requests at the distances in time at which they were recorded",
      requests:
        "Requests in place of the recorded ones; required for a trace that has only times",
      trace: "Recording: a file or a list of times",
      scale: "Factor of all distances in time",
      maxInFlight: WORDS.maxInFlight,
    })),
  };
}

/** Words for the settings that all scenarios have which send requests. */
const COMMON_WORDS = {
  start: "Time from the start of the run to that of the scenario",
  gracefulStop:
    "Time that active requests may continue after the scenario's end",
  pick:
    "Choice of the requests: by weight, or in the order in which they are written",
  variables: "Values that fill placeholders such as {{id}}, by name",
  requests: "Requests that the scenario sends",
} as const;

const WORDS = {
  maxInFlight:
    "Maximum number of active requests; further arrivals are counted as dropped",
  think: "Pause of a user after each answer. Default: none",
} as const;

/** Makes the schema of a recording. */
function traceSchema(kit: Kit) {
  const { z, worded } = kit;
  return z.strictObject(worded({
    file: kit.file().optional(),
    format: z.enum(TRACE_FORMATS).optional(),
    times: z.array(kit.duration()).min(1).max(1_000_000).optional(),
    hosts: z.array(z.string().min(1)).min(1).optional(),
    headers: z.array(z.string().min(1)).min(1).optional(),
    strict: z.boolean().default(false),
  }, {
    file: "File of the recording",
    format:
      "Format of the file. Default: har for .har, access-log for .log, else times",
    times: "Times of the requests since the start, in place of a file",
    hosts:
      "Hosts whose requests of a HAR are replayed, * for all. Default: those of its pages",
    headers:
      "Headers of a HAR that are replayed, * for all but those that the client sets. Default: none",
    strict: "True to refuse a file that cannot be replayed completely",
  })).refine(
    ({ file, times }) => (file === undefined) !== (times === undefined),
    { error: "A trace is a file or a list of times" },
  );
}

function requestList(z: typeof zod) {
  // Each is read later: its type keeps a text from being suggested as one.
  return z.array(z.unknown().meta({ type: "object" })).min(1, {
    error: "A scenario without requests sends nothing",
  });
}

/** A scenario as written, and its place in the script. */
export interface WrittenScenario {
  /** Name, unique in the script. */
  readonly name: string;
  /** Zero-based index in the script. */
  readonly index: number;
  /** Name of its executor. */
  readonly executor: TrafficExecutor;
  /** The scenario as written. */
  readonly object: Readonly<Record<string, unknown>>;
  /** JSON Pointer to the scenario. */
  readonly path: string;
}

/** A scenario that sends requests as it was read, with all of its issues. */
export interface TrafficReading extends WrittenScenario {
  /** Names of groups and requests that thresholds can use. */
  readonly parts: ReadonlySet<string>;
  readonly issues: readonly Issue[];
  /** Settings as the schema parsed them; undefined if they have issues. */
  readonly settings: TrafficSettings | undefined;
  /** Variables without issues. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** Requests of the scenario. */
  readonly requests: RequestReading;
  /** The recording of a replay; empty for other executors and invalid recordings. */
  readonly trace: RecordedTrace;
}

/** Valid names of variables. */
const NAME = /^[A-Za-z_]\w*$/;

/** Reads a scenario. Continues if its settings have issues, so that all issues are reported. */
export function readTraffic(
  written: WrittenScenario,
  tools: ScriptTools,
): TrafficReading {
  const { object, path, index, executor } = written;
  const read = validate(trafficSchemas(tools.kit)[executor], object, path);
  const settings = read.issues === undefined ? read.value : undefined;
  const issues: Issue[] = [...read.issues ?? []];
  const variables = new Map<string, Variable>();
  // A variable with an issue still has a known name.
  const values = new Map<string, Value>(OWN_VALUES);
  for (const [name, value] of Object.entries(objectOf(object.variables))) {
    const at = `${path}/variables${toPointer([name])}`;
    if (!NAME.test(name) || OWN_VALUES.has(name)) {
      issues.push({
        path: at,
        message: OWN_VALUES.has(name)
          ? `Every scenario has a value "${name}" of its own`
          : "A variable's name is made of letters, digits and _",
        value: name,
        allowed: "another name",
      });
      continue;
    }
    const { variable, issues: own } = readVariable(value, at, tools);
    issues.push(...own);
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
  issues.push(...requests.issues);
  const groups = new Set(requests.written.flatMap(({ group }) => group ?? []));
  const names = requests.written.flatMap(({ name }) => name ?? []);
  for (const name of new Set(names)) {
    const both = groups.has(name);
    if (!both && names.indexOf(name) === names.lastIndexOf(name)) continue;
    issues.push({
      path: `${path}/requests`,
      message: both
        ? `A request and a group are both named "${name}"`
        : `Two requests are named "${name}"`,
      value: name,
      allowed: "names of their own",
    });
  }
  const trace = readRecording(written, settings, {
    issues,
    unread: tools.unread,
  });
  return {
    ...written,
    parts: new Set([...groups, ...names]),
    issues,
    settings,
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

const NO_TRACE: RecordedTrace = {
  times: new Float64Array(),
  choices: undefined,
  requests: [],
  notes: [],
};

function readRecording(
  { path, object }: WrittenScenario,
  settings: TrafficSettings | undefined,
  { issues, unread }: {
    readonly issues: Issue[];
    readonly unread: ScriptTools["unread"];
  },
): RecordedTrace {
  if (settings?.executor !== "replay") return NO_TRACE;
  const { file, times, hosts, headers, strict } = settings.trace;
  const format = file === undefined
    ? "times"
    : settings.trace.format ?? formatOf(file);
  const found = (own: readonly Issue[]): RecordedTrace => {
    issues.push(
      ...own.map((issue) => ({ ...issue, path: `${path}/trace${issue.path}` })),
    );
    return NO_TRACE;
  };
  const odd = format === "har" ? [] : Object.entries({ hosts, headers })
    .filter(([, value]) => value !== undefined);
  if (odd.length > 0) {
    return found(odd.map(([key, value]) => ({
      path: `/${key}`,
      message: `A HAR alone has ${key} to choose from`,
      value,
      allowed: "no such key",
    })));
  }
  if (file !== undefined && unread !== undefined) {
    unread();
    return found(traceIssues({ file, format }));
  }
  const reading = file === undefined
    ? listedTimes(times ?? [])
    : readTrace({ file, format, hosts, headers, strict });
  if (reading.issues !== undefined) return found(reading.issues);
  if (reading.trace.choices === undefined && object.requests === undefined) {
    issues.push({
      path: `${path}/requests`,
      message: "The trace has only times: requests are needed",
      allowed: "at least one request, or an access log or HAR as trace",
    });
  }
  return reading.trace;
}

function formatOf(file: string): TraceFormat {
  if (/\.har$/i.test(file)) return "har";
  return /\.log$/i.test(file) ? "access-log" : "times";
}

/**
 * Plans a scenario that has no issues.
 *
 * @param settings those of the reading
 * @param streamOf returns random numbers by their name
 */
export async function planTraffic(
  reading: TrafficReading,
  settings: TrafficSettings,
  streamOf: (name: string) => Promise<Stream>,
): Promise<Traffic> {
  const { name, index, trace } = reading;
  const of = (purpose: string) => streamOf(`${name}/${purpose}`);
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
    : recordedRequests(trace.requests, index);
  const base = {
    name,
    index,
    start: settings.start,
    gracefulStop: settings.gracefulStop,
    pick: settings.pick,
    requests,
    streams: { arrivals, pick, think },
  };
  switch (settings.executor) {
    case "arrival-rate": {
      const { executor, arrivals, rate, duration, maxInFlight } = settings;
      return { ...base, executor, arrivals, rate, duration, maxInFlight };
    }
    case "virtual-users": {
      const { executor, users, think } = settings;
      const { iterations = Infinity, duration = Infinity } = settings;
      return { ...base, executor, users, think, iterations, duration };
    }
    case "shared-iterations": {
      const { executor, users, think, iterations } = settings;
      const { duration = Infinity } = settings;
      return { ...base, executor, users, think, iterations, duration };
    }
    case "replay": {
      const { executor, scale, maxInFlight } = settings;
      return {
        ...base,
        executor,
        times: trace.times.map((time) => time * scale),
        choices: planned.length > 0 ? undefined : trace.choices,
        maxInFlight,
      };
    }
  }
}
