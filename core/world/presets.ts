/**
 * Presets: named patches of the configuration. One at a time lies over the configuration as written, which stays beneath it: what is
 * changed meanwhile is changed there, and nothing of it is lost when the preset is put back.
 *
 * @module
 */
import { fromPointer, toPointer, writtenIds } from "../config/mod.ts";
import { unknownPreset } from "../control/backend_control.ts";
import {
  isObject,
  mergedRouteIssues,
  mergePatch,
  mergeRoutes,
} from "../control/config_edits.ts";
import type { Issue } from "../errors.ts";
import type { SettingsInput } from "./settings.ts";

/** Name that stands for no preset where a dial needs a value. */
export const NO_PRESET = "none";

/** The presets of a configuration as written, by name; empty where it has none. */
export function presetsIn(value: unknown): Readonly<Record<string, unknown>> {
  const presets = isObject(value) ? value.presets : undefined;
  return isObject(presets) ? presets : {};
}

/**
 * Returns a configuration with its preset over it; the same one where it has none.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` if there is no such preset
 */
export function withPreset(input: SettingsInput): SettingsInput {
  const { preset, value } = input;
  if (preset === undefined) return input;
  return { ...input, value: applied(value, presetNamed(value, preset)) };
}

/** Returns a configuration without the name of its preset where the preset is gone: with it, it is put back. */
export function withKnownPreset(input: SettingsInput): SettingsInput {
  const { preset, value } = input;
  return preset === undefined || Object.hasOwn(presetsIn(value), preset)
    ? input
    : { ...input, preset: undefined };
}

/** @throws PerfmockError `ARGUMENT_INVALID` if there is no such preset */
function presetNamed(value: unknown, name: string): unknown {
  const presets = presetsIn(value);
  if (Object.hasOwn(presets, name)) return presets[name];
  throw unknownPreset(name, Object.keys(presets));
}

/** Merges a preset into a configuration: its routes by id, everything else as PATCH config does. */
function applied(value: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return value;
  const { routes, ...rest } = patch;
  const merged = mergePatch(value, rest);
  // The schema reports routes, and patches of them, that are no objects.
  if (!isObject(routes)) return merged;
  const patches = Object.fromEntries(
    Object.entries(routes).filter(([, route]) => isObject(route)),
  );
  return mergeRoutes({ value: merged, ids: writtenIds(value) }, patches);
}

/** Returns whether a preset changes anything of the configuration beneath it. */
export function changesAnything(value: unknown, name: string): boolean {
  const patch = presetsIn(value)[name];
  return JSON.stringify(applied(value, patch)) !== JSON.stringify(value);
}

/**
 * Returns issues of a configuration with a preset over it, at their places in the preset. Those of the configuration itself are left
 * out.
 *
 * @param issues found with the preset
 * @param known issues found without it
 */
export function presetIssues(
  issues: readonly Issue[],
  known: readonly Issue[],
  { name, value }: { readonly name: string; readonly value: unknown },
): Issue[] {
  const seen = new Set(known.map(({ path, message }) => `${path}\0${message}`));
  const own = issues.filter(({ path, message }) =>
    !seen.has(`${path}\0${message}`) && !path.startsWith("/presets/")
  );
  const patch = presetsIn(value)[name];
  const routes = isObject(patch) && isObject(patch.routes) ? patch.routes : {};
  const placed = mergedRouteIssues(own, { ids: writtenIds(value) }, routes);
  return placed.map((issue) => {
    const path = fromPointer(issue.path);
    const inside = within(patch, path);
    return {
      ...issue,
      path: toPointer(["presets", name, ...inside]),
      ...inside.length < path.length && {
        message: `With this preset, ${issue.path}: ${issue.message}`,
      },
    };
  });
}

/** The place of an issue in a patch; the closest one around it where the patch does not set the value itself. */
function within(patch: unknown, path: readonly string[]): readonly string[] {
  let part = patch;
  let depth = 0;
  while (
    depth < path.length && isObject(part) && Object.hasOwn(part, path[depth])
  ) part = part[path[depth++]];
  // A value that the patch replaces as a whole is the patch's to its depth.
  return isObject(part) ? path.slice(0, depth) : path;
}
