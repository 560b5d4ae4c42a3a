/**
 * The door between perfmock and one plugin: every call of the plugin's code outside of requests goes through it. (Hooks, which run
 * per request, are guarded by core/pipeline.) An error costs no more than the call, is counted, and names plugin and member.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { catchLater, describeThrown, stackOf } from "../lib/thrown.ts";
import type { Failures } from "../observe/failures.ts";
import type { HookReport } from "../pipeline/exchange.ts";
import type { Clock } from "../plugin.ts";

/** Folders of perfmock: stack frames outside of them belong to the author of a plugin. */
const OWN = ["core/", "plugins/"].map((folder) =>
  new URL(`../../${folder}`, import.meta.url).href
);

/** Files of the router, which calls endpoints. */
const ROUTER = /\/hono\//;

/** Calls of one plugin's code. */
export class PluginDoor {
  /** Name of the plugin. */
  readonly plugin: string;
  readonly #failures: Failures;

  /** @param plugin name of the plugin */
  constructor(plugin: string, failures: Failures) {
    this.plugin = plugin;
    this.#failures = failures;
  }

  /** Counts and logs an error of the plugin's code. Does not throw. */
  failed(member: string, thrown: unknown): void {
    this.#failures.report(
      { plugin: this.plugin, member },
      thrown,
      () => {
        const { code, message } = pluginFailed(this.plugin, member, thrown);
        return `${message}${atFrame(thrown)} [${code}]`;
      },
    );
  }

  /** Runs code of the plugin; returns `instead` if it throws. The rejection of a promise is reported. */
  call<T>(member: string, code: () => T, instead: T): T {
    try {
      const returned = code();
      this.watch(member, returned);
      return returned;
    } catch (error) {
      this.failed(member, error);
      return instead;
    }
  }

  /** Reports what a value rejects with, if it is a promise that nobody awaits. */
  watch(member: string, returned: unknown): void {
    catchLater(returned, (error) => this.failed(member, error));
  }

  /** Returns a clock whose timers report the errors of their callbacks. */
  clock(clock: Clock): Clock {
    return new GuardedClock(clock, this);
  }
}

/** Makes the error for code of a plugin that failed outside of requests. */
export function pluginFailed(
  plugin: string,
  member: string,
  thrown: unknown,
): PerfmockError {
  return new PerfmockError(
    "PLUGIN_FAILED",
    `Plugin "${plugin}" failed in ${member}: ${describeThrown(thrown)}`,
    [],
    { cause: thrown, status: 500 },
  );
}

/** Formats the place in the author's code for the end of a message; empty if there is none. */
function atFrame(thrown: unknown): string {
  const frame = authorFrame(thrown);
  return frame === undefined ? "" : ` at ${frame}`;
}

/** Place in the author's code where an error was thrown, as `file:///…:LINE:COLUMN`; undefined where the stack has none. */
export function authorFrame(thrown: unknown): string | undefined {
  const place = framesOf(thrown).find((frame) =>
    !OWN.some((folder) => frame.startsWith(folder)) && !ROUTER.test(frame)
  );
  // A data: URL carries the whole module.
  return place === undefined || place.length <= 200
    ? place
    : `${place.slice(0, 60)}…`;
}

/** Places in the stack of an error that have a URL, the innermost first. */
export function framesOf(thrown: unknown): string[] {
  return stackOf(thrown).split("\n").flatMap((line) =>
    /((?:file|https?|data|blob):\S+?:\d+:\d+)\)?$/.exec(line)?.[1] ?? []
  );
}

/** Returns the function that reports errors of hooks. */
export function hookReporter(failures: Failures): HookReport {
  return (error, plan, stage, index = 0, part) => {
    const { route: { id }, hooks } = plan;
    if (stage === undefined) {
      failures.report(
        { plugin: undefined, member: "route" },
        error,
        () =>
          `Route "${id}" failed to answer: ${describeThrown(error)}${
            atFrame(error)
          }`,
      );
      return;
    }
    const plugin = hooks.plugins[stage][index];
    const what = part === undefined
      ? `Hook "${stage}"`
      : `${part} of hook "${stage}"`;
    failures.report({ plugin, member: part ?? stage }, error, () => {
      const { code, message } = new PerfmockError(
        "HOOK_FAILED",
        `${what} of plugin "${plugin}" failed on route "${id}": ${
          describeThrown(error)
        }${atFrame(error)}`,
      );
      return `${message} [${code}]`;
    });
  };
}

/** A callback with its argument: one object for each timer of a plugin. */
interface Call {
  readonly wake: (argument: never) => unknown;
  readonly argument: unknown;
}

class GuardedClock implements Clock {
  readonly #clock: Clock;
  readonly #door: PluginDoor;

  constructor(clock: Clock, door: PluginDoor) {
    this.#clock = clock;
    this.#door = door;
  }

  now(): number {
    return this.#clock.now();
  }

  at<Argument>(
    deadline: number,
    wake: (argument: Argument) => void,
    argument: Argument,
  ): number {
    return this.#clock.at<Call>(deadline, this.#ring, { wake, argument });
  }

  cancel(timer: number): boolean {
    return this.#clock.cancel(timer);
  }

  yield(): Promise<void> {
    return this.#clock.yield();
  }

  readonly #ring = ({ wake, argument }: Call): void => {
    try {
      const returned = wake(argument as never);
      if (returned !== undefined) this.#door.watch("host.clock.at", returned);
    } catch (error) {
      this.#door.failed("host.clock.at", error);
    }
  };
}
