/**
 * From a script as written to one that can be run, or to all of its faults.
 *
 * @module
 */
import { PerfmockError, toPointer, validate } from "../../../core/load.ts";
import type { Issue, Kit } from "../../../core/plugin.ts";
import { readModulate, readStress } from "./_controls.ts";
import { withAbsoluteFiles } from "./_files.ts";
import {
  scenarioSchemas,
  type WrittenModulate,
  type WrittenStress,
  type WrittenTraffic,
} from "./_scenario_schemas.ts";
import { readTarget } from "./_target.ts";
import { readThresholds } from "./_thresholds.ts";
import type { ScriptTools } from "./_tools.ts";
import { planTraffic, readTraffic, type TrafficReading } from "./_traffic.ts";
import type { Control, Scenario, Script } from "./types.ts";

/** The seed of a script that names none. */
const SEED = 42;

/** What the root's schema makes of a script. */
interface Written {
  readonly name: string;
  readonly seed: number | string;
  readonly target?: string;
  readonly scenarios: Readonly<Record<string, unknown>>;
  readonly thresholds?: unknown;
}

/**
 * Reads a script.
 *
 * @param value as written: what JSON can hold
 * @param tools the Host's, or on a load thread those of core/load.ts
 * @throws PerfmockError `SCRIPT_INVALID` with all faults
 */
export async function parseScript(
  value: unknown,
  tools: ScriptTools,
): Promise<Script> {
  const { kit, server } = tools;
  const faults: Issue[] = [];
  const given = withAbsoluteFiles(value, tools.folder);
  const root = validate(rootSchema(kit), given);
  faults.push(...root.issues ?? []);
  const written =
    (root.issues === undefined ? root.value : recovered(given)) as Written;
  const target = root.issues?.some(({ path }) => path === "/target")
    ? { faults: [] }
    : readTarget(written.target, server?.targets);
  faults.push(...target.faults);

  const read = Object.entries(written.scenarios).map((
    [name, scenario],
    index,
  ) => readScenario({ name, index }, scenario, tools));
  faults.push(...read.flatMap((reading) => reading.faults), ...together(read));
  const { thresholds, faults: thresholdFaults } = readThresholds(
    written.thresholds,
    {
      kit,
      suggest: tools.suggest,
      scenarios: new Map(
        read.flatMap((reading): [string, ReadonlySet<string> | undefined][] =>
          "parts" in reading
            ? [[reading.name, reading.parts]]
            : reading.odd
            ? [[reading.name, undefined]]
            : []
        ),
      ),
    },
  );
  faults.push(...thresholdFaults);
  if (faults.length > 0) {
    throw new PerfmockError(
      "SCRIPT_INVALID",
      `Cannot use the script: ${faults.length} ${
        faults.length === 1 ? "fault" : "faults"
      }`,
      faults,
    );
  }
  return {
    name: written.name,
    seed: written.seed,
    target: target.url,
    scenarios: await Promise.all(
      read.flatMap((reading): (Scenario | Promise<Scenario>)[] =>
        "parts" in reading
          ? [planTraffic(reading, written.seed, tools)]
          : reading.scenario === undefined
          ? []
          : [reading.scenario]
      ),
    ),
    thresholds,
  };
}

function rootSchema(kit: Kit) {
  const { z } = kit;
  return z.strictObject({
    name: z.string().regex(/^[\w.-]{1,100}$/, {
      error: "A name is made of up to 100 letters, digits, _, . and -",
    }).default("load"),
    seed: z.union([kit.integer(), z.string().min(1)]).default(SEED),
    target: z.string().optional(),
    scenarios: z.record(
      z.string().regex(/^[\w-]{1,100}$/, {
        error:
          "A scenario's name is made of up to 100 letters, digits, _ and -",
      }),
      z.unknown(),
    ).refine((scenarios) => Object.keys(scenarios).length > 0, {
      error: "A script without scenarios does nothing",
    }),
    thresholds: z.unknown().optional(),
  });
}

/** What can still be looked at of a script whose root has faults. */
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

/** A scenario that turns things, or its faults. */
interface ControlRead {
  readonly name: string;
  readonly scenario: Control | undefined;
  /** Whether it cannot be told what it was meant to be. */
  readonly odd: boolean;
  readonly faults: readonly Issue[];
}

function readScenario(
  named: { readonly name: string; readonly index: number },
  value: unknown,
  tools: ScriptTools,
): ControlRead | TrafficReading {
  const { name } = named;
  const path = `/scenarios${toPointer([name])}`;
  const none = (...faults: Issue[]): ControlRead => ({
    name,
    scenario: undefined,
    odd: true,
    faults,
  });
  const object = asObject(value);
  if (object === undefined) {
    return none({
      path,
      message: "A scenario is an object with an executor",
      value,
    });
  }
  const schemas = scenarioSchemas(tools.kit);
  const { executor } = object;
  const names = Object.keys(schemas);
  if (typeof executor !== "string" || !names.includes(executor)) {
    const suggestion = typeof executor === "string"
      ? tools.suggest(executor, names)
      : undefined;
    return none({
      path: `${path}/executor`,
      message: executor === undefined
        ? "A scenario needs an executor"
        : `There is no executor ${JSON.stringify(executor)}`,
      ...(executor === undefined ? {} : { value: executor }),
      allowed: names.join(", "),
      ...(suggestion === undefined ? {} : { suggestion }),
    });
  }
  const settings = validate(schemas[executor], object, path);
  if (executor !== "modulate" && executor !== "stress") {
    return readTraffic(
      { ...named, executor, object, path },
      settings as typeof settings & { value?: WrittenTraffic },
      tools,
    );
  }
  if (settings.issues !== undefined) {
    return { ...none(...settings.issues), odd: false };
  }
  const reading = executor === "modulate"
    ? readModulate(named, settings.value as WrittenModulate, tools)
    : readStress(named, settings.value as WrittenStress, tools);
  return { ...none(...reading.faults), scenario: reading.scenario, odd: false };
}

/** What no scenario can know alone. */
function together(
  read: readonly (ControlRead | TrafficReading)[],
): Issue[] {
  const faults: Issue[] = [];
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
      faults.push({
        path: `/scenarios${toPointer([name])}/set`,
        message: `Scenario "${other}" turns this dial, too`,
        value: dial,
        allowed: "one scenario for each dial",
      });
    }
  }
  const lasts = controls.some((scenario) =>
    scenario.executor === "modulate" && scenario.duration < Infinity
  );
  if (controls.length > 0 && controls.length === read.length && !lasts) {
    faults.push({
      path: "/scenarios",
      message:
        "No scenario sends requests and none has a duration: the run would end at once",
      allowed: "one that sends requests, or a modulate with a duration",
    });
  }
  return faults;
}
