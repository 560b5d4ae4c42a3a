/**
 * Gathers what plugins give to each other as plain data, before any schema runs.
 *
 * @module
 */
import { toPointer } from "../config/mod.ts";
import type { Family } from "../plugin.ts";
import { coded, type CodedIssue, type LoadedPlugin } from "./plugin_loader.ts";

/** What all plugins together give to each other. */
export interface Gathering {
  /** Distribution families by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Named distributions as written, with the place they stand at. */
  readonly profiles: ReadonlyMap<string, GatheredProfile>;
  /** What a plugin contributes that is none of these, and names that two plugins gave. */
  readonly faults: readonly CodedIssue[];
}

/** A named distribution. */
export interface GatheredProfile {
  /** As a user would write it. */
  readonly value: unknown;
  /** Where it is written, as a JSON Pointer. */
  readonly path: string;
}

/** Reads all contributions. */
export function gather(plugins: readonly LoadedPlugin[]): Gathering {
  const families = new Map<string, Family>();
  const profiles = new Map<string, GatheredProfile>();
  const faults: CodedIssue[] = [];
  for (const entry of plugins) {
    const { name } = entry.plugin;
    const fault = (message: string, value?: unknown) =>
      faults.push(coded("PLUGIN_INVALID", entry, { message, value }));
    const claim =
      <T>(kind: string, names: Map<string, T>) => (own: string, value: T) => {
        if (!names.has(own)) names.set(own, value);
        else {
          fault(
            `Plugin "${name}" contributes a ${kind} "${own}" that another plugin contributes already`,
            own,
          );
        }
      };
    const family = claim("family", families);
    const profile = claim("profile", profiles);
    try {
      const { contributes } = entry.plugin;
      const given = typeof contributes === "function"
        ? contributes(entry.options)
        : contributes;
      for (const offered of given?.families ?? []) {
        if (isFamily(offered)) family(offered.name, offered);
        else {
          fault(
            `Plugin "${name}" contributes a family that lacks its name, or "parameters" or "create" as functions`,
            Reflect.get(Object(offered), "name"),
          );
        }
      }
      for (const [own, value] of Object.entries(given?.profiles ?? {})) {
        const path = toPointer(["plugins", entry.key, "profiles", own]);
        profile(own, { value, path });
      }
    } catch (error) {
      fault(`Plugin "${name}" cannot say what it contributes: ${error}`);
    }
  }
  return { families, profiles, faults };
}

/** The types say so; a plugin may be plain JavaScript. */
function isFamily(value: unknown): value is Family {
  const family: Partial<Family> = Object(value);
  return typeof family.name === "string" &&
    /^[a-z][a-z0-9_-]*$/.test(family.name) &&
    typeof family.parameters === "function" &&
    typeof family.create === "function";
}
