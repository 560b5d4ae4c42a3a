/**
 * Scenarios that send nothing: `modulate` and `stress`.
 *
 * @module
 */
import {
  type DialAddress,
  type Issue,
  type Kit,
  type Schema,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import type { Control, Modulate, ScriptTools, Stress } from "./script.ts";

/** Names of the executors that send nothing. */
export const CONTROL_EXECUTORS = ["modulate", "stress"] as const;

/** Settings of a `modulate` scenario as its schema parses them. */
interface ModulateSettings {
  readonly start: number;
  readonly duration?: number;
  /** The dial as written, such as `{ route: "orders", dial: "scale" }`. */
  readonly set: Readonly<Record<string, string>>;
  /** Values of the dial over time, as written. */
  readonly to?: unknown;
}

/** Settings of a `stress` scenario as its schema parses them. */
interface StressSettings {
  readonly start: number;
  /** The stress scenario as written. */
  readonly scenario?: unknown;
}

/** Makes the schema of a `modulate` scenario. */
export function modulateSchema(kit: Kit): Schema<ModulateSettings> {
  const { z, worded } = kit;
  return z.strictObject(worded({
    executor: z.literal("modulate"),
    start: kit.duration().default(0),
    duration: kit.duration({ above: 0 }).optional(),
    set: z.record(z.string(), z.string()),
    to: z.unknown(),
  }, {
    executor: "A change of the backend: a dial is turned over time",
    start: "Time from the start of the run to that of the scenario",
    duration:
      "Time after which the dial is put back. Default: at the end of the run",
    set:
      'Dial, such as { "route": "orders", "dial": "scale" } or { "backend": "all", "dial": "delay" }',
    to: "Values of the dial over time: a value, a signal, or a timeline",
  }));
}

/** Makes the schema of a `stress` scenario. */
export function stressSchema(kit: Kit): Schema<StressSettings> {
  const { z, worded } = kit;
  return z.strictObject(worded({
    executor: z.literal("stress"),
    start: kit.duration().default(0),
    scenario: z.unknown(),
  }, {
    executor: "Real use of resources, by the plugin resource_stress",
    start: "Time from the start of the run to that of the scenario",
    scenario:
      "Scenario of stress: cpu, memory, eventLoop, allocation, duration",
  }));
}

/** A scenario, or its issues. */
export interface ControlReading {
  /** Undefined if there are issues. */
  readonly scenario?: Control;
  readonly issues: readonly Issue[];
}

/** Name and index of a scenario. */
type Named = Pick<Control, "name" | "index">;

/** Reads a `modulate` or `stress` scenario. */
export function readControl(
  { name, index, executor, object, path }: {
    readonly name: string;
    readonly index: number;
    readonly executor: typeof CONTROL_EXECUTORS[number];
    /** The scenario as written. */
    readonly object: unknown;
    /** JSON Pointer to the scenario. */
    readonly path: string;
  },
  tools: ScriptTools,
): ControlReading {
  const named = { name, index };
  if (executor === "modulate") {
    const read = validate(modulateSchema(tools.kit), object, path);
    return read.issues === undefined
      ? readModulate(named, read.value, tools)
      : { issues: read.issues };
  }
  const read = validate(stressSchema(tools.kit), object, path);
  return read.issues === undefined
    ? readStress(named, read.value, tools)
    : { issues: read.issues };
}

function readModulate(
  named: Named,
  { start, duration = Infinity, set, to }: ModulateSettings,
  { kit, server, suggest }: ScriptTools,
): ControlReading {
  const path = `/scenarios${toPointer([named.name])}`;
  const { dial, ...others } = set;
  const kinds = Object.keys(others);
  if (dial === undefined || kinds.length !== 1) {
    return {
      issues: [{
        path: `${path}/set`,
        message: "A dial needs the name of its owner and its own name",
        value: set,
        allowed: 'such as { "route": "orders", "dial": "scale" }',
      }],
    };
  }
  const address: DialAddress = { kind: kinds[0], of: others[kinds[0]], dial };
  const scenario: Modulate = {
    ...named,
    start,
    executor: "modulate",
    dial: address,
    course: undefined,
    duration,
  };
  if (server === undefined) return { scenario, issues: [] };
  const { dials } = server;
  const type = dials.typeOf(address);
  if (type === undefined) {
    return { issues: [unknownDial(address, path, { dials, suggest })] };
  }
  const read = validate(kit.timeline(type), to, `${path}/to`);
  if (read.issues !== undefined) return { issues: read.issues };
  return { scenario: { ...scenario, course: read.value }, issues: [] };
}

/** Finds the first wrong part of an address, from the left. */
function unknownDial(
  { kind, of, dial }: DialAddress,
  path: string,
  { dials, suggest }: {
    readonly dials: { list(): Iterable<DialAddress> };
    readonly suggest: ScriptTools["suggest"];
  },
): Issue {
  const all = [...dials.list()];
  const ofKind = all.filter((known) => known.kind === kind);
  const ofSame = ofKind.filter((known) => known.of === of);
  const [at, key, word, candidates] = ofKind.length === 0
    ? [kind, "kind", kind, all.map((known) => known.kind)] as const
    : ofSame.length === 0
    ? [kind, kind, of, ofKind.map((known) => known.of)] as const
    : ["dial", "dial", dial, ofSame.map((known) => known.dial)] as const;
  const names = [...new Set(candidates)];
  const suggestion = suggest(word, names);
  return {
    path: `${path}/set${toPointer([at])}`,
    message: key === "kind"
      ? `Nothing of kind ${JSON.stringify(kind)} has dials`
      : `There is no ${key} ${JSON.stringify(word)} that can be turned`,
    value: word,
    allowed: names.join(", ") || "nothing: there are no dials",
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function readStress(
  named: Named,
  { start, scenario: written }: StressSettings,
  { server }: ScriptTools,
): ControlReading {
  const path = `/scenarios${toPointer([named.name])}`;
  const scenario: Stress = {
    ...named,
    start,
    executor: "stress",
    scenario: written,
  };
  if (server === undefined) return { scenario, issues: [] };
  if (server.stress === undefined) {
    return {
      issues: [{
        path: `${path}/executor`,
        message: "No active plugin can put stress on the machine",
        value: "stress",
        allowed: "the plugin resource_stress",
      }],
    };
  }
  const issues = server.stress.issues(written).map((issue) => ({
    ...issue,
    path: `${path}/scenario${issue.path}`,
  }));
  return issues.length > 0 ? { issues } : { scenario, issues };
}
