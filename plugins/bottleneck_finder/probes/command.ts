/**
 * Figures of a command: its wall time, or a JSON number that it prints.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import { printedNumber } from "./printed_number.ts";
import type { Conditions, Loaded, Probe } from "./probe.ts";
import {
  type CommandResult,
  type CommandRun,
  runCommand,
} from "./run_command.ts";
import { firstLine, seconds, sleep } from "./waiting.ts";

/** Settings of a command. */
export interface CommandOptions {
  /** Command for the shell, such as `npx playwright test checkout`. */
  readonly command: string;
  /** Figure: `wall time`, the default, or a JSON Pointer to a number, in ms, in the JSON that the command prints. */
  readonly figure?: string | undefined;
  /** Absolute path of the working directory. */
  readonly folder: string;
  /** Variables of its environment, in addition to those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Maximum time of a run, in ms. Default 5 minutes. */
  readonly timeout?: number | undefined;
}

/** Parts of a command probe that tests replace. */
export interface CommandParts {
  /** Clock of the server. */
  readonly clock: Clock;
  /** Runs the command. Default by the shell. */
  readonly run?: ((run: CommandRun) => Promise<CommandResult>) | undefined;
}

/** Name of the figure that is the time of the whole run. */
export const WALL_TIME = "wall time";

/** Maximum time of a run, in ms, where the user gives none. */
const TIMEOUT = 300_000;

/** Creates a probe of a command. */
export function commandProbe(
  options: CommandOptions,
  { clock, run = runCommand }: CommandParts,
): Probe {
  const {
    command,
    environment,
    figure = WALL_TIME,
    folder,
    timeout = TIMEOUT,
  } = options;
  let ends = new AbortController();
  let running: Promise<unknown> = Promise.resolve();

  async function load({ cpu, floors, signal }: Conditions): Promise<Loaded> {
    if (cpu !== 1 || floors.size > 0) {
      return {
        failure:
          "The processor and the network of a command cannot be slowed: that takes a page",
      };
    }
    ends = new AbortController();
    const interrupted = () => ends.abort("The command was interrupted");
    if (signal.aborted) interrupted();
    signal.addEventListener("abort", interrupted);
    const over = new AbortController();
    void sleep(clock, timeout, over.signal).then(() => {
      if (over.signal.aborted) return;
      ends.abort(`The command did not end within ${seconds(timeout)}`);
    });
    try {
      const result = run({
        clock,
        command,
        environment,
        folder,
        signal: ends.signal,
      });
      running = result.catch(() => {});
      return read(await result, ends.signal, figure);
    } catch (error) {
      return { failure: `The command did not start: ${firstLine(error)}` };
    } finally {
      over.abort();
      signal.removeEventListener("abort", interrupted);
    }
  }

  return {
    figure,
    start: () => Promise.resolve(),
    load,
    async [Symbol.asyncDispose]() {
      ends.abort("The command was interrupted");
      await running;
    },
  };
}

function read(
  { cut, duration, errors, output, status }: CommandResult,
  signal: AbortSignal,
  figure: string,
): Loaded {
  if (signal.aborted) return { failure: String(signal.reason) };
  if (status !== 0) {
    const last = lastLine(errors) ?? lastLine(output);
    return {
      failure: `The command ${
        status === null ? "was killed" : `ended with exit status ${status}`
      }${last === undefined ? "" : `: ${last}`}`,
    };
  }
  const figures = { [WALL_TIME]: duration };
  if (figure === WALL_TIME) return { figure: duration, requests: [], figures };
  const number = printedNumber(output, figure);
  if ("failure" in number) {
    return {
      failure: cut
        ? `${number.failure}; its output was too long`
        : number.failure,
    };
  }
  return {
    figure: number.value,
    requests: [],
    figures: { ...figures, [figure]: number.value },
  };
}

function lastLine(text: string): string | undefined {
  // deno-lint-ignore no-control-regex
  const plain = text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, "");
  return plain.split("\n").map((line) => line.trim())
    .filter((line) => line !== "").at(-1)?.slice(0, 200);
}
