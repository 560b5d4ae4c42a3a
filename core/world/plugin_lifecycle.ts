/**
 * The lifecycle of plugins: puts them in order, sets them up first to last, and disposes them last to first.
 *
 * @module
 */
import { suggest, toPointer } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import { messageOfThrown } from "../lib/thrown.ts";
import { nextTurn } from "../lib/turn.ts";
import type { Host, Instance, Key } from "../plugin.ts";
import type { Failures } from "../observe/failures.ts";
import { PluginDoor } from "./plugin_door.ts";
import { guardInstance } from "./plugin_guard.ts";
import { coded, type CodedIssue, type LoadedPlugin } from "./plugin_loader.ts";
import { TimeLimitError, withinLimit } from "../lib/time/mod.ts";

/** Maximum time of a plugin's setup, in ms. */
export const SETUP_LIMIT = 10_000;

/** Maximum time of a plugin's disposal, in ms. A disposal that takes longer is no longer awaited. */
export const DISPOSAL_LIMIT = 5000;

/** Plugins in the order in which they are set up. */
export interface Arrangement {
  /** Usable plugins. */
  readonly plugins: readonly LoadedPlugin[];
  /** Duplicate names, and requirements that are missing or circular. */
  readonly issues: readonly CodedIssue[];
}

/** Keeps the configuration's order, except that a plugin follows the plugins it requires. */
export function arrange(loaded: readonly LoadedPlugin[]): Arrangement {
  const issues: CodedIssue[] = [];
  const byName = new Map<string, LoadedPlugin>();
  for (const entry of loaded) {
    const { name } = entry.plugin;
    const taken = byName.get(name);
    if (taken === undefined) byName.set(name, entry);
    else {
      issues.push(
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
        issues.push(
          coded("PLUGIN_REQUIREMENT_MISSING", entry, {
            message:
              `Plugin "${entry.plugin.name}" requires "${name}", which is not on`,
            value: name,
            allowed: [...byName.keys()].join(", "),
            suggestion: suggest(name, byName.keys()),
          }),
        );
      } else if (state.get(required) === "open") {
        issues.push(
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
  return { plugins, issues };
}

/** A plugin that was set up. */
export interface RunningPlugin extends LoadedPlugin {
  /** Result of its setup, guarded. */
  readonly instance: Instance;
  /** Reports errors of its code. */
  readonly door: PluginDoor;
}

/** The services that the plugins of one revision provide to each other. */
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

  /** The service; undefined where no plugin provides it. */
  find<T>(key: Key<T>): T | undefined {
    return this.#services.get(key.name) as T | undefined;
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

/** Options of {@linkcode setUp}. */
export interface SetUpOptions {
  /** Takes the errors of the plugins' code. */
  readonly failures: Failures;
  /** Maximum time of each setup, in ms; the result of a later one is disposed. Default 10 s. */
  readonly limit?: number;
}

/**
 * Sets plugins up, in order. Where one fails, those before it are disposed again.
 *
 * @param hostOf the host for a plugin
 * @throws PerfmockError `PLUGIN_SETUP_FAILED`, `PLUGIN_SETUP_TIMEOUT` or `PLUGIN_INVALID`, naming the plugin
 */
export async function setUp(
  plugins: readonly (LoadedPlugin & { readonly parsed: unknown })[],
  hostOf: (entry: LoadedPlugin, door: PluginDoor) => Host,
  { failures, limit = SETUP_LIMIT }: SetUpOptions,
): Promise<RunningPlugin[]> {
  const running: RunningPlugin[] = [];
  try {
    for (const entry of plugins) {
      const door = new PluginDoor(entry.plugin.name, failures);
      const returned = await setUpOne(entry, hostOf(entry, door), limit);
      const path = toPointer(["plugins", entry.key]);
      try {
        const instance = guardInstance(returned, door, path);
        running.push({ ...entry, door, instance });
      } catch (error) {
        await disposeLate(returned, limit);
        throw error;
      }
      // Requests may be in flight on the revision before: they get a turn.
      await nextTurn();
    }
    return running;
  } catch (error) {
    await disposeAll(running);
    throw error;
  }
}

/** Disposes the result of a setup that cannot be used. An error is of no interest then. */
async function disposeLate(returned: unknown, limit: number): Promise<void> {
  try {
    const { [Symbol.asyncDispose]: dispose } = Object(returned) as Instance;
    await withinLimit(Promise.resolve(dispose?.call(returned)), limit);
  } catch {
    // The error that made it useless is the one to report.
  }
}

async function setUpOne(
  entry: LoadedPlugin & { readonly parsed: unknown },
  host: Host,
  limit: number,
): Promise<Instance> {
  const { name, setup } = entry.plugin;
  if (setup === undefined) return {};
  // Called on the plugin, so that one written as a class works too.
  const result = (async () => await entry.plugin.setup?.(host, entry.parsed))();
  try {
    return await withinLimit(result, limit) ?? {};
  } catch (error) {
    if (error instanceof TimeLimitError) {
      // The result is no longer awaited, but it must be disposed.
      result.then((late) => disposeLate(late, limit), () => {});
      throw new PerfmockError(
        "PLUGIN_SETUP_TIMEOUT",
        `Cannot start: plugin "${name}" was not set up within ${
          limit / 1000
        } s`,
      );
    }
    const issues = error instanceof PerfmockError ? error.issues : [];
    throw new PerfmockError(
      "PLUGIN_SETUP_FAILED",
      `Cannot set up plugin "${name}": ${messageOfThrown(error)}`,
      issues.map((issue) => ({
        ...issue,
        path: toPointer(["plugins", entry.key]) + issue.path,
      })),
      { cause: error },
    );
  }
}

/**
 * Disposes plugins, last in, first out; neither an error in one nor one that never ends keeps the others from it. The errors are
 * laid at the plugins' doors.
 *
 * @param limit maximum time of each disposal, in ms. Default 5 s
 */
export async function disposeAll(
  running: readonly RunningPlugin[],
  limit: number = DISPOSAL_LIMIT,
): Promise<void> {
  for (const { door, instance } of running.toReversed()) {
    const dispose = instance[Symbol.asyncDispose];
    if (dispose === undefined) continue;
    try {
      await withinLimit(dispose(), limit);
    } catch (error) {
      door.failed("[Symbol.asyncDispose]", error);
    }
  }
}
