/**
 * A revision of a configuration that has presets. Each of them is validated by building the configuration with it: what is wrong
 * with a preset is told now, and not when somebody switches to it.
 *
 * @module
 */
import { invalidConfig, toPointer } from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import { changesAnything, presetIssues, presetsIn } from "./presets.ts";
import { restartIssues } from "./refused_changes.ts";
import { buildRevision, type Revision } from "./revision.ts";
import type { SettingsInput } from "./settings.ts";
import type { WorldState } from "./state.ts";

/** Options of {@linkcode buildLayered}. */
export interface LayeredOptions {
  /** The revision in force; undefined for the first. */
  readonly before?: Revision | undefined;
  /** True to read plugins, profiles and their files again. Default false. */
  readonly reload?: boolean | undefined;
  /** False to build the configuration with its present preset only. Default true. */
  readonly presets?: boolean | undefined;
}

/** Findings about the configuration with one preset, or without any. */
interface Findings {
  /** Name of the preset; undefined for none. */
  readonly name: string | undefined;
  readonly errors: readonly Issue[];
  readonly warnings: readonly Issue[];
  /** True if connections may be reset. */
  readonly resets: boolean;
}

/**
 * Builds a configuration with its present preset, and then, to validate them, with each of the others and without any.
 *
 * @throws PerfmockError with all errors
 */
export async function buildLayered(
  input: SettingsInput,
  world: WorldState,
  { before, reload, presets = true }: LayeredOptions = {},
): Promise<Revision> {
  const names = presets ? Object.keys(presetsIn(input.value)) : [];
  let present: Revision | undefined;
  let failure: PerfmockError | undefined;
  try {
    present = await buildRevision(input, world, { before, reload });
    if (names.length === 0) return present;
  } catch (error) {
    const located = error instanceof PerfmockError && error.issues.length > 0;
    if (names.length === 0 || !located) throw error;
    failure = error;
  }
  const findings: Findings[] = [{
    name: input.preset,
    errors: failure?.issues ?? [],
    warnings: present?.warnings ?? failure?.warnings ?? [],
    resets: present?.resets ?? false,
  }];
  try {
    for (const name of [undefined, ...names]) {
      if (name === input.preset) continue;
      findings.push(
        await tryBuilding({ ...input, preset: name }, world, {
          before: present ?? before,
          present,
        }),
      );
    }
  } catch (error) {
    await present?.dispose(present.carried.beyond(before?.carried));
    throw error;
  }
  const bare = findings.find(({ name }) => name === undefined);
  const told = (kind: "errors" | "warnings") =>
    findings.flatMap((found) =>
      found.name === undefined
        ? found[kind]
        : presetIssues(found[kind], bare?.[kind] ?? [], {
          name: found.name,
          value: input.value,
        })
    );
  const errors = told("errors");
  if (present !== undefined && errors.length === 0) {
    return {
      ...present,
      // The choice of the HTTP server must hold for all of them.
      resets: findings.some(({ resets }) => resets),
      warnings: [...told("warnings"), ...idle(input.value, names)],
    };
  }
  await present?.dispose(present.carried.beyond(before?.carried));
  const bareOnly = failure !== undefined && input.preset === undefined &&
    errors.length === failure.issues.length;
  throw bareOnly ? failure : invalidConfig(errors, {
    code: failure?.code ?? "CONFIG_INVALID",
    warnings: told("warnings"),
  });
}

/** Builds a configuration that is not to take over, and disposes it. */
async function tryBuilding(
  input: SettingsInput,
  world: WorldState,
  { before, present }: {
    readonly before: Revision | undefined;
    readonly present: Revision | undefined;
  },
): Promise<Findings> {
  const name = input.preset;
  try {
    const built = await buildRevision(input, world, { before });
    await built.dispose(built.carried.beyond(before?.carried));
    const { warnings, resets } = built;
    const errors = present === undefined
      ? []
      : restartIssues(present.config, built, undefined);
    return { name, errors, warnings, resets };
  } catch (error) {
    const located = error instanceof PerfmockError && error.issues.length > 0;
    if (!located) throw error;
    const { issues: errors, warnings } = error;
    return { name, errors, warnings, resets: false };
  }
}

/** Warns of presets that change nothing of the configuration as it is. */
function idle(value: unknown, names: readonly string[]): Issue[] {
  return names.filter((name) => !changesAnything(value, name)).map((name) => ({
    path: toPointer(["presets", name]),
    message: `The preset "${name}" changes nothing`,
    allowed: "settings that differ from the configuration's own",
  }));
}
