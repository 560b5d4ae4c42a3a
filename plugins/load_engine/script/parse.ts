/**
 * Parses a load script: from its text to a script that can be run, or to all of its issues.
 *
 * @module
 */
import { resolve } from "node:path";
import { withoutExtensions } from "../../../core/load.ts";
import {
  type Issue,
  type Kit,
  PerfmockError,
  type Schema,
  toPointer,
  validate,
  WHOLE,
  withTables,
} from "../../../core/plugin.ts";
import {
  CONTROL_EXECUTORS,
  type ControlReading,
  readControl,
} from "./_controls.ts";
import { digestsOf } from "./_digests.ts";
import { readThresholds } from "./_thresholds.ts";
import {
  planTraffic,
  readTraffic,
  TRAFFIC_EXECUTORS,
  type TrafficReading,
} from "./_traffic.ts";
import type { Scenario, Script, ScriptTools } from "./script.ts";

/** A script as its root schema parses it. */
export interface Written {
  readonly name: string;
  readonly seed?: number | string;
  readonly target?: string;
  readonly scenarios: Readonly<Record<string, unknown>>;
  readonly thresholds?: unknown;
}

/**
 * Parses a script.
 *
 * @param value the script as written: any JSON value
 * @param tools those of a Host, or of `threadHost` in core/load.ts on a load thread
 * @throws PerfmockError `SCRIPT_INVALID` with all issues
 */
export async function parseScript(
  value: unknown,
  tools: ScriptTools,
): Promise<Script> {
  const { kit, server } = tools;
  const issues: Issue[] = [];
  const given = withAbsoluteFiles(withoutExtensions(value), tools.folder);
  const root = validate(rootSchema(kit), given);
  issues.push(...root.issues ?? []);
  const written = root.issues === undefined
    ? root.value
    : recovered(given) as Written;
  const target = root.issues?.some(({ path }) => path === "/target")
    ? { issues: [] }
    : readTarget(written.target, server?.targets);
  issues.push(...target.issues);

  const read = await withTables(() =>
    Object.entries(written.scenarios).map(([name, scenario], index) =>
      readScenario({ name, index }, scenario, tools)
    )
  );
  issues.push(
    ...read.flatMap((reading) => reading.issues),
    ...conflicts(read),
    ...undivided(read, tools.segment?.count ?? 1),
  );
  const { thresholds, issues: thresholdIssues } = readThresholds(
    written.thresholds,
    {
      kit,
      suggest: tools.suggest,
      scenarios: new Map(
        read.flatMap((reading): [string, ReadonlySet<string> | undefined][] =>
          "parts" in reading
            ? [[reading.name, reading.parts]]
            : reading.unknown
            ? [[reading.name, undefined]]
            : []
        ),
      ),
    },
  );
  issues.push(...thresholdIssues);
  if (issues.length > 0) throw invalidScript(issues);
  const { seed = tools.seed } = written;
  const { segment = WHOLE } = tools;
  const scenarios = await Promise.all(
    read.flatMap((reading): (Scenario | Promise<Scenario>)[] => {
      if (!("parts" in reading)) {
        return reading.scenario === undefined ? [] : [reading.scenario];
      }
      const { settings } = reading;
      if (settings === undefined) return [];
      return [
        planTraffic(
          reading,
          settings,
          (name) => tools.stream(seed, name),
        ),
      ];
    }),
  );
  const { seed: _, target: __, ...common } = withoutExtensions(value) as Record<
    string,
    unknown
  >;
  return {
    name: written.name,
    seed,
    target: target.url,
    digests: await digestsOf(common, {
      files: segment.count === 1 || tools.unread !== undefined
        ? []
        : filesIn(given),
      scenarios,
    }),
    segment,
    scenarios,
    thresholds,
    notes: read.flatMap((reading) =>
      "parts" in reading
        ? reading.trace.notes.map((note) => `${reading.name}: ${note}`)
        : []
    ),
  };
}

/** Returns the error for a script that cannot be used. */
export function invalidScript(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "SCRIPT_INVALID",
    `Cannot use the script: ${issues.length} ${
      issues.length === 1 ? "error" : "errors"
    }`,
    issues,
  );
}

/** Makes the schema of a script, whose scenarios and thresholds have schemas of their own. */
export function rootSchema(kit: Kit): Schema<Written> {
  const { z, worded } = kit;
  return z.strictObject(worded({
    // Tells editors where the JSON Schema is; perfmock ignores it.
    $schema: z.string().optional(),
    name: z.string().regex(/^[\w.-]{1,100}$/, {
      error: "A name is made of up to 100 letters, digits, _, . and -",
    }).default("load"),
    seed: z.union([kit.integer(), z.string().min(1)]).optional(),
    target: z.string().optional(),
    scenarios: z.record(
      z.string().regex(/^[\w-]{1,100}$/, {
        error:
          "A scenario's name is made of up to 100 letters, digits, _ and -",
      }),
      z.unknown(),
    ).meta({
      description:
        'an object of scenarios by name, such as { "browse": { "executor": "arrival-rate", … } }',
    }).refine((scenarios) => Object.keys(scenarios).length > 0, {
      error: "A script without scenarios does nothing",
    }),
    thresholds: z.unknown().optional(),
  }, {
    $schema:
      "Path or URL of this JSON Schema, for editors; perfmock ignores it",
    name: "Name of the run, for results",
    seed:
      "Seed of the traffic: arrivals, choices, think times. Default: the configuration's",
    target:
      "URL that requests are sent to; beyond this machine it must be listed in load_engine.targets. Default: the server that runs the script",
    scenarios:
      "Scenarios by name: each sends requests, changes the backend or uses resources",
    thresholds:
      "Limits of figures, such as browse.responseTime; the run fails if one does not hold",
  }));
}

/** Parts of a script that can be checked although its root has issues. */
function recovered(value: unknown): Pick<Written, "scenarios" | "target"> {
  const object = asObject(value) ?? {};
  return {
    ...object,
    scenarios: asObject(object.scenarios) ?? {},
  };
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

/** A scenario that sends nothing, or is invalid. */
interface OtherReading extends ControlReading {
  readonly name: string;
  /** True if its executor is unknown. */
  readonly unknown: boolean;
}

function readScenario(
  named: { readonly name: string; readonly index: number },
  value: unknown,
  tools: ScriptTools,
): OtherReading | TrafficReading {
  const { name } = named;
  const path = `/scenarios${toPointer([name])}`;
  const invalid = (issue: Issue): OtherReading => ({
    name,
    unknown: true,
    issues: [issue],
  });
  const object = asObject(value);
  if (object === undefined) {
    return invalid({
      path,
      message: "A scenario is an object with an executor",
      value,
    });
  }
  const { executor } = object;
  if (isExecutor(executor)) return readAs(executor, named, object, tools);
  const names = [...TRAFFIC_EXECUTORS, ...CONTROL_EXECUTORS];
  const suggestion = typeof executor === "string"
    ? tools.suggest(executor, names)
    : undefined;
  const issue: Issue = {
    path: `${path}/executor`,
    message: executor === undefined
      ? "A scenario needs an executor"
      : `There is no executor ${JSON.stringify(executor)}`,
    ...(executor === undefined ? {} : { value: executor }),
    allowed: names.join(", "),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
  if (!isExecutor(suggestion)) return invalid(issue);
  // The rest is judged as that of the executor which was meant.
  const meant = { ...object, executor: suggestion };
  const reading = readAs(suggestion, named, meant, tools);
  return { ...reading, issues: [issue, ...reading.issues] };
}

/** Name of an executor. */
type Executor =
  | typeof TRAFFIC_EXECUTORS[number]
  | typeof CONTROL_EXECUTORS[number];

function isExecutor(name: unknown): name is Executor {
  return [...TRAFFIC_EXECUTORS, ...CONTROL_EXECUTORS].some((one) =>
    one === name
  );
}

/** Reads a scenario as one of an executor. */
function readAs(
  executor: Executor,
  named: { readonly name: string; readonly index: number },
  object: Readonly<Record<string, unknown>>,
  tools: ScriptTools,
): OtherReading | TrafficReading {
  const { name } = named;
  const path = `/scenarios${toPointer([name])}`;
  const control = CONTROL_EXECUTORS.find((one) => one === executor);
  if (control !== undefined) {
    const written = { ...named, executor: control, object, path };
    return { ...readControl(written, tools), name, unknown: false };
  }
  const traffic = executor as typeof TRAFFIC_EXECUTORS[number];
  return readTraffic({ ...named, executor: traffic, object, path }, tools);
}

/** Issues that concern several scenarios. */
function conflicts(
  read: readonly (OtherReading | TrafficReading)[],
): Issue[] {
  const issues: Issue[] = [];
  const taken = new Map<string, string>();
  const controls = read.flatMap((reading) =>
    "parts" in reading || reading.scenario === undefined
      ? []
      : [reading.scenario]
  );
  for (const scenario of controls) {
    if (scenario.executor === "stress") continue;
    const { name, dial } = scenario;
    const key = JSON.stringify([dial.kind, dial.of, dial.dial]);
    const other = taken.get(key);
    if (other === undefined) taken.set(key, name);
    else {
      issues.push({
        path: `/scenarios${toPointer([name])}/set`,
        message: `Scenario "${other}" sets the same dial`,
        value: dial,
        allowed: "one scenario for each dial",
      });
    }
  }
  const lasts = controls.some((scenario) =>
    scenario.executor === "modulate" && scenario.duration < Infinity
  );
  if (controls.length > 0 && controls.length === read.length && !lasts) {
    issues.push({
      path: "/scenarios",
      message:
        "No scenario sends requests and none has a duration: the run would end at once",
      allowed: "one that sends requests, or a modulate with a duration",
    });
  }
  return issues;
}

/** Issues of limits that are smaller than the number of replicas that they are divided among. */
function undivided(
  read: readonly (OtherReading | TrafficReading)[],
  count: number,
): Issue[] {
  return read.flatMap((reading) => {
    const settings = "parts" in reading ? reading.settings : undefined;
    if (settings === undefined || !("maxInFlight" in settings)) return [];
    return settings.maxInFlight >= count ? [] : [{
      path: `/scenarios${toPointer([reading.name])}/maxInFlight`,
      message:
        `Cannot divide ${settings.maxInFlight} requests in flight among ${count} workers: one of them could send nothing`,
      value: settings.maxInFlight,
      allowed: `at least ${count}, or at most ${settings.maxInFlight} workers`,
    }];
  });
}

/** Keys of user data, in which `file` has no meaning. */
const DATA: ReadonlySet<string> = new Set(["json", "text", "headers", "query"]);

/**
 * Returns a copy of a script whose `file` keys are absolute paths. Relative paths start from the script's folder, not from that of
 * the configuration.
 *
 * @param folder absolute path
 */
export function withAbsoluteFiles(value: unknown, folder: string): unknown {
  return withFiles(value, (file) => resolve(folder, file));
}

/** Returns a copy of a script with other paths of the files that it names. */
export function withFiles(
  value: unknown,
  replace: (file: string) => string,
): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => withFiles(item, replace));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      DATA.has(key)
        ? item
        : key === "file" && typeof item === "string" && item !== "" &&
            !item.includes("\0")
        ? replace(item)
        : withFiles(item, replace),
    ]),
  );
}

/** Returns the paths of the files that a script names, each once. */
function filesIn(value: unknown): ReadonlySet<string> {
  const files = new Set<string>();
  withFiles(value, (file) => {
    files.add(file);
    return file;
  });
  return files;
}

/** Returns whether a host name is this machine without asking a resolver. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    /^127(\.\d{1,3}){3}$/.test(hostname) || hostname === "[::1]";
}

/**
 * Parses a target.
 *
 * @param written the value in the script
 * @param listed origins other than loopback that are allowed; undefined if that was checked before
 */
export function readTarget(
  written: unknown,
  listed: readonly string[] | undefined,
): { readonly url?: URL; readonly issues: readonly Issue[] } {
  if (written === undefined) return { issues: [] };
  const path = "/target";
  const url = typeof written === "string" ? URL.parse(written) : null;
  if (
    url === null || !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" || url.password !== "" || url.search !== "" ||
    url.hash !== ""
  ) {
    return {
      issues: [{
        path,
        message: "A target is the URL of a server, without query or password",
        value: written,
        allowed: "an http or https URL such as http://127.0.0.1:8080",
      }],
    };
  }
  if (
    listed === undefined || isLoopback(url.hostname) ||
    listed.includes(url.origin)
  ) {
    return { url, issues: [] };
  }
  return {
    issues: [{
      path,
      message: `Target ${url.origin} is not allowed`,
      value: written,
      allowed: ["loopback", ...listed].join(", "),
      suggestion:
        `List it in the configuration: plugins: { load_engine: { targets: ["${url.origin}"] } }`,
    }],
  };
}
