/**
 * Puts plugins in order, gathers what they contribute, sets them up first to last and disposes them last to first.
 *
 * @module
 */
import { suggest, toPointer } from "./config/mod.ts";
import { type Issue, PerfmockError } from "./errors.ts";
import type { Family, Host, Instance, Key } from "./plugin.ts";
import type { CodedIssue, LoadedPlugin } from "./plugin_loader.ts";
import { TimeLimitError, withinLimit } from "./time/mod.ts";

/** How long a plugin's setup may take, in milliseconds. */
const SETUP_LIMIT = 10_000;

/** What an instance may consist of. */
const PROPERTIES: Readonly<Record<Exclude<keyof Instance, symbol>, true>> = {
  route: true,
  control: true,
  endpoints: true,
  snapshot: true,
  health: true,
};

/** Plugins in the order in which they are set up. */
export interface Arrangement {
  /** All that can be used. */
  readonly plugins: readonly LoadedPlugin[];
  /** Names taken twice, requirements that are missing or go in a circle. */
  readonly faults: readonly CodedIssue[];
}

/** The configuration's order, but for what a plugin requires, which goes before it. */
export function arrange(loaded: readonly LoadedPlugin[]): Arrangement {
  const faults: CodedIssue[] = [];
  const byName = new Map<string, LoadedPlugin>();
  for (const entry of loaded) {
    const { name } = entry.plugin;
    const taken = byName.get(name);
    if (taken === undefined) byName.set(name, entry);
    else {
      faults.push(
        coded("PLUGIN_NAME_TAKEN", entry, {
          message:
            `Plugins "${taken.key}" and "${entry.key}" have the same name`,
          value: name,
          suggestion: `Turn one of them off: "${taken.key}": false`,
        }),
      );
    }
  }
  const plugins: LoadedPlugin[] = [];
  const state = new Map<LoadedPlugin, "open" | "done">();
  const place = (entry: LoadedPlugin) => {
    state.set(entry, "open");
    for (const name of entry.plugin.requires ?? []) {
      const required = byName.get(name);
      if (required === undefined) {
        faults.push(
          coded("PLUGIN_REQUIREMENT_MISSING", entry, {
            message:
              `Plugin "${entry.plugin.name}" requires "${name}", which is not on`,
            value: name,
            allowed: [...byName.keys()].join(", "),
            suggestion: suggest(name, byName.keys()),
          }),
        );
      } else if (state.get(required) === "open") {
        faults.push(
          coded("PLUGIN_REQUIREMENT_MISSING", entry, {
            message:
              `Plugins "${entry.plugin.name}" and "${name}" require each other`,
            value: name,
          }),
        );
      } else if (!state.has(required)) place(required);
    }
    state.set(entry, "done");
    plugins.push(entry);
  };
  for (const entry of byName.values()) if (!state.has(entry)) place(entry);
  return { plugins, faults };
}

/** What all plugins together give to each other. */
export interface Gathering {
  /** Distribution families by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Named distributions as written, with the place they stand at. */
  readonly profiles: ReadonlyMap<string, GatheredProfile>;
  /** Names that two plugins gave. */
  readonly faults: readonly CodedIssue[];
}

/** A named distribution. */
export interface GatheredProfile {
  /** As a user would write it. */
  readonly value: unknown;
  /** Where it is written, as a JSON Pointer. */
  readonly path: string;
}

/** Reads all contributions, before any schema runs. */
export function gather(plugins: readonly LoadedPlugin[]): Gathering {
  const families = new Map<string, Family>();
  const profiles = new Map<string, GatheredProfile>();
  const faults: CodedIssue[] = [];
  const claim = <T>(
    kind: string,
    names: Map<string, T>,
    [name, value, entry]: readonly [string, T, LoadedPlugin],
  ) => {
    if (names.has(name)) {
      faults.push(
        coded("PLUGIN_INVALID", entry, {
          message:
            `Plugin "${entry.plugin.name}" contributes a ${kind} "${name}" that another plugin contributes already`,
          value: name,
        }),
      );
    } else names.set(name, value);
  };
  for (const entry of plugins) {
    const { contributes } = entry.plugin;
    const given = typeof contributes === "function"
      ? contributes(entry.options)
      : contributes;
    for (const family of given?.families ?? []) {
      claim("family", families, [family.name, family, entry]);
    }
    for (const [name, value] of Object.entries(given?.profiles ?? {})) {
      const path = toPointer(["plugins", entry.key, "profiles", name]);
      claim("profile", profiles, [name, { value, path }, entry]);
    }
  }
  return { families, profiles, faults };
}

/** A plugin that was set up. */
export interface RunningPlugin extends LoadedPlugin {
  /** What its setup returned. */
  readonly instance: Instance;
}

/** The services of one revision: what plugins provide to each other. */
export class Services {
  readonly #services = new Map<string, unknown>();

  /** @throws PerfmockError `PLUGIN_INVALID` where the key is taken */
  provide<T>(key: Key<T>, service: T): void {
    if (this.#services.has(key.name)) {
      throw new PerfmockError(
        "PLUGIN_INVALID",
        `Cannot provide "${key.name}": another plugin provides it already`,
      );
    }
    this.#services.set(key.name, service);
  }

  /** @throws PerfmockError `KEY_MISSING` where no plugin provides it */
  use<T>(key: Key<T>): T {
    if (!this.#services.has(key.name)) {
      throw new PerfmockError(
        "KEY_MISSING",
        `Cannot use "${key.name}": no plugin that was set up before provides it`,
        [],
      );
    }
    return this.#services.get(key.name) as T;
  }
}

/**
 * Sets plugins up, in order. Where one fails, those before it are disposed again.
 *
 * @param hostOf the host for a plugin
 * @throws PerfmockError `PLUGIN_SETUP_FAILED`, `PLUGIN_SETUP_TIMEOUT` or `PLUGIN_INVALID`, naming the plugin
 */
export async function setUp(
  plugins: readonly (LoadedPlugin & { readonly parsed: unknown })[],
  hostOf: (entry: LoadedPlugin) => Host,
): Promise<RunningPlugin[]> {
  const running: RunningPlugin[] = [];
  try {
    for (const entry of plugins) {
      const instance = await setUpOne(entry, hostOf(entry));
      running.push({ ...entry, instance });
      inspect(entry, instance);
    }
    return running;
  } catch (error) {
    await disposeAll(running);
    throw error;
  }
}

async function setUpOne(
  entry: LoadedPlugin & { readonly parsed: unknown },
  host: Host,
): Promise<Instance> {
  const { name, setup } = entry.plugin;
  if (setup === undefined) return {};
  try {
    // Called on the plugin, so that one written as a class works too.
    const result = (async () =>
      await entry.plugin.setup?.(host, entry.parsed))();
    return await withinLimit(result, SETUP_LIMIT) ?? {};
  } catch (error) {
    if (error instanceof TimeLimitError) {
      throw new PerfmockError(
        "PLUGIN_SETUP_TIMEOUT",
        `Cannot start: plugin "${name}" was not set up within ${
          SETUP_LIMIT / 1000
        } s`,
      );
    }
    const issues = error instanceof PerfmockError ? error.issues : [];
    throw new PerfmockError(
      "PLUGIN_SETUP_FAILED",
      `Cannot set up plugin "${name}": ${
        error instanceof Error ? error.message : String(error)
      }`,
      issues.map((issue) => ({
        ...issue,
        path: toPointer(["plugins", entry.key]) + issue.path,
      })),
      { cause: error },
    );
  }
}

function inspect(entry: LoadedPlugin, instance: Instance): void {
  const issues: Issue[] = Object.keys(instance)
    .filter((property) => !Object.hasOwn(PROPERTIES, property))
    .map((property) => ({
      path: toPointer(["plugins", entry.key]),
      message:
        `The setup of plugin "${entry.plugin.name}" returned an unknown property "${property}"`,
      value: property,
      allowed: Object.keys(PROPERTIES).join(", "),
      suggestion: suggest(property, Object.keys(PROPERTIES)),
    }));
  if (issues.length > 0) {
    throw new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot use plugin "${entry.plugin.name}"`,
      issues,
    );
  }
}

/**
 * Disposes plugins, last in, first out; one that throws does not keep the others.
 *
 * @returns what was thrown
 */
export async function disposeAll(
  running: readonly RunningPlugin[],
): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const { instance } of running.toReversed()) {
    try {
      await instance[Symbol.asyncDispose]?.();
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}

function coded(
  code: CodedIssue["code"],
  entry: LoadedPlugin,
  issue: Omit<Issue, "path">,
): CodedIssue {
  return { code, issue: { path: toPointer(["plugins", entry.key]), ...issue } };
}
