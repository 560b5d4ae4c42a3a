/**
 * Runs a command by the shell, in a process group of its own, so that everything that it starts can be ended with it.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import type { Clock } from "../../../core/plugin.ts";
import { sleep } from "./waiting.ts";

/** Maximum number of characters that are kept of a command's output, and of its errors. */
export const MOST_OUTPUT: number = 8 * 1024 * 1024;

const WINDOWS = process.platform === "win32";

/** Time that a command has to end after it was asked to, in ms. */
const GRACE = 2_000;

/**
 * Runs the command $1 with an empty standard input. A process of its group waits for the end of our pipe, and then ends the group: so
 * no command goes on where perfmock is killed.
 */
const WATCHED =
  'exec 3<&0 </dev/null; { read -r _ <&3; kill -KILL 0; } >/dev/null 2>&1 & exec 3<&-; eval "$1"';

/** Result of a command. */
export interface CommandResult {
  /** Time from start to end, in ms. */
  readonly duration: number;
  /** Exit status; null where a signal ended it. */
  readonly status: number | null;
  /** Standard output; its last {@linkcode MOST_OUTPUT} characters. */
  readonly output: string;
  /** Standard error, likewise. */
  readonly errors: string;
  /** True if output is missing. */
  readonly cut: boolean;
}

/** Description of a run. */
export interface CommandRun {
  readonly clock: Clock;
  /** Command for the shell. */
  readonly command: string;
  /** Absolute path of the working directory. */
  readonly folder: string;
  /** Variables of its environment, in addition to those of this process. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Ends the command and all processes of its group. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command to its end.
 *
 * @throws Error if the shell cannot be started
 */
export async function runCommand(
  { clock, command, environment, folder, signal }: CommandRun,
): Promise<CommandResult> {
  const start = clock.now();
  const env = { ...process.env, ...environment };
  const child = WINDOWS
    ? spawn(command, { cwd: folder, env, shell: true })
    : spawn("/bin/sh", ["-c", WATCHED, "sh", command], {
      cwd: folder,
      env,
      detached: true,
    });
  const output = new Tail();
  const errors = new Tail();
  child.stdout.setEncoding("utf8").on("data", (text) => output.add(text));
  child.stderr.setEncoding("utf8").on("data", (text) => errors.add(text));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status));
  });
  const closed = new Promise<void>((resolve) => child.once("close", resolve));
  const stop = () => void end(child, clock, ended);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    const status = await ended;
    const duration = clock.now() - start;
    // A process that stays behind would keep the pipes open. Output that was printed before the end arrives after it.
    kill(child, "SIGKILL");
    await sleep(clock, GRACE, new AbortController().signal, closed);
    return {
      duration,
      status,
      output: output.text(),
      errors: errors.text(),
      cut: output.cut,
    };
  } finally {
    signal.removeEventListener("abort", stop);
    kill(child, "SIGKILL");
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** Asks the group to end, then ends it. */
async function end(
  child: ChildProcess,
  clock: Clock,
  ended: Promise<unknown>,
): Promise<void> {
  kill(child, "SIGTERM");
  await sleep(clock, GRACE, new AbortController().signal, ended);
  kill(child, "SIGKILL");
}

function kill(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  const { pid } = child;
  if (pid === undefined) return;
  try {
    if (WINDOWS) child.kill(signal);
    else process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Keeps the end of a text. */
class Tail {
  #parts: string[] = [];
  #length = 0;
  /** True if the beginning is missing. */
  cut = false;

  add(part: string): void {
    this.#parts.push(part);
    this.#length += part.length;
    if (this.#length < 2 * MOST_OUTPUT) return;
    const kept = this.#parts.join("").slice(-MOST_OUTPUT);
    this.#parts = [kept];
    this.#length = kept.length;
    this.cut = true;
  }

  text(): string {
    const all = this.#parts.join("");
    if (all.length > MOST_OUTPUT) this.cut = true;
    return all.slice(-MOST_OUTPUT);
  }
}
