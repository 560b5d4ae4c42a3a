/**
 * The scenarios that send nothing: modulate and stress.
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

/** Settings of modulate. */
export interface WrittenModulate {
  /** In ms. */
  readonly start: number;
  /** In ms. */
  readonly duration?: number;
  /** The dial, as written. */
  readonly set: Readonly<Record<string, string>>;
  /** Its course, as written. */
  readonly to?: unknown;
}

/** Settings of stress. */
export interface WrittenStress {
  /** In ms. */
  readonly start: number;
  /** As written. */
  readonly scenario?: unknown;
}

/** The schema of each executor that sends nothing, by its name. */
export function controlSchemas(
  kit: Kit,
): Readonly<Record<string, Schema<unknown>>> {
  const { z } = kit;
  const start = kit.duration().default(0);
  return {
    modulate: z.strictObject({
      executor: z.literal("modulate"),
      start,
      duration: kit.duration({ above: 0 }).optional(),
      set: z.record(z.string(), z.string()),
      to: z.unknown(),
    }),
    stress: z.strictObject({
      executor: z.literal("stress"),
      start,
      scenario: z.unknown(),
    }),
  };
}

/** A scenario, or its faults. */
export interface ControlReading {
  /** Undefined where it has faults. */
  readonly scenario?: Control;
  /** All of them. */
  readonly faults: readonly Issue[];
}

/** A scenario's name and place. */
type Named = Pick<Control, "name" | "index">;

/** Reads a modulate scenario. */
export function readModulate(
  named: Named,
  { start, duration = Infinity, set, to }: WrittenModulate,
  { kit, server, suggest }: ScriptTools,
): ControlReading {
  const path = `/scenarios${toPointer([named.name])}`;
  const { dial, ...others } = set;
  const kinds = Object.keys(others);
  if (dial === undefined || kinds.length !== 1) {
    return {
      faults: [{
        path: `${path}/set`,
        message: "A dial is named by what it belongs to, and its own name",
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
  if (server === undefined) return { scenario, faults: [] };
  const { dials } = server;
  const type = dials.typeOf(address);
  if (type === undefined) {
    return { faults: [unknownDial(address, path, { dials, suggest })] };
  }
  const read = validate(kit.timeline(type), to, `${path}/to`);
  if (read.issues !== undefined) return { faults: read.issues };
  return { scenario: { ...scenario, course: read.value }, faults: [] };
}

/** Says which part of an address is wrong, from the left. */
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

/** Reads a stress scenario. */
export function readStress(
  named: Named,
  { start, scenario: written }: WrittenStress,
  { server }: ScriptTools,
): ControlReading {
  const path = `/scenarios${toPointer([named.name])}`;
  const scenario: Stress = {
    ...named,
    start,
    executor: "stress",
    scenario: written,
  };
  if (server === undefined) return { scenario, faults: [] };
  if (server.stress === undefined) {
    return {
      faults: [{
        path: `${path}/executor`,
        message: "Nothing here can lay a load on the machine",
        value: "stress",
        allowed: "the plugin resource_stress, switched on",
      }],
    };
  }
  const faults = server.stress.faults(written).map((issue) => ({
    ...issue,
    path: `${path}/scenario${issue.path}`,
  }));
  return faults.length > 0 ? { faults } : { scenario, faults };
}
