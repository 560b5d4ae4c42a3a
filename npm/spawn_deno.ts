/**
 * Starts Deno on a module of this package.
 *
 * @module
 */
import {
  type ChildProcess,
  spawn,
  type SpawnOptions,
} from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { denoFlags } from "../core/lib/deno_flags.ts";
import { cannotRun, denoProgram, notStarted } from "./deno_program.ts";

/** A process of Deno and its program. */
export interface Spawned {
  /** The process. Descriptor 3 is a channel to it, whose end tells it that this process has ended, however that happened. */
  readonly child: ChildProcess;
  /** Path of the program. */
  readonly program: string;
}

/** Flags of `deno run`. */
const FLAGS: readonly string[] = [
  "run",
  "-A",
  ...denoFlags(import.meta.url.endsWith(".js")),
];

/** True on Windows, which has neither process groups nor most signals. */
export const IS_WINDOWS: boolean = process.platform === "win32";

/**
 * Starts a module. Output and errors go where those of this process go.
 *
 * @param module URL of the module
 * @param args its arguments
 * @param options working directory, environment, and whether it reads this process's standard input
 * @throws PerfmockError `SERVER_NOT_STARTED` if there is no program for this machine, or no working directory
 */
export function spawnDeno(
  module: URL,
  args: readonly string[],
  { cwd, env, stdin }: {
    readonly cwd?: string | undefined;
    readonly env: NodeJS.ProcessEnv;
    readonly stdin: "ignore" | "inherit";
  },
): Spawned {
  const program = denoProgram();
  // Options of Node.js are not for Deno, which would load the same modules, and listen for a debugger on the same port.
  const { NODE_OPTIONS: _ofNode, ...own } = env;
  const options: SpawnOptions = {
    cwd: cwd ?? workingDirectory(),
    env: { DENO_NO_UPDATE_CHECK: "1", ...own },
    stdio: [stdin, "inherit", "inherit", "ipc"],
    // In a group of its own, a key such as Ctrl-C reaches this process only, which passes the signal on once.
    detached: !IS_WINDOWS,
    windowsHide: true,
  };
  try {
    const given = [...FLAGS, fileURLToPath(module), ...args];
    return { child: spawn(program, given, options), program };
  } catch (error) {
    // Some errors are thrown, such as that of Node.js's permission model, and others are events.
    throw cannotRun(program, error);
  }
}

/** Working directory of this process. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    throw notStarted(
      "its working directory does not exist any more",
      "Change to a folder that exists",
    );
  }
}
