/**
 * The command `perfmock` of the npm package: runs the command line on Deno, and passes signals and the exit status on.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { cannotRun, packageManager } from "./deno_program.ts";
import { IS_WINDOWS, spawnDeno } from "./spawn_deno.ts";

/** Signals that are passed on. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Time in which a signal that arrives twice counts once, in ms: npx passes on the Ctrl-C that this process received too. */
const TWICE = 300;

/** Interval at which the parent is looked for, in ms. */
const LOOK = 500;

/** Exit status where a signal ended the process: 128 and its number, as in shells. */
const SIGNALLED = 128;

/** Commands by which package managers run the command of an installed package. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ["pnpm", "pnpm exec perfmock"],
  ["yarn", "yarn perfmock"],
  ["bun", "bunx perfmock"],
]);

/**
 * Runs a command. The process ends with its exit status.
 *
 * @param args arguments of the command line
 * @throws PerfmockError `SERVER_NOT_STARTED` if Deno cannot be run
 */
export function run(args: readonly string[]): Promise<void> {
  const { child, program } = spawnDeno(
    new URL("./deno_cli.ts", import.meta.url),
    [commandName(process.env.npm_config_user_agent), ...args],
    { env: process.env, stdin: "inherit" },
  );
  const forward = (signal: NodeJS.Signals) => {
    // On Windows the keys reach all processes of the console.
    if (!IS_WINDOWS) child.kill(signal);
  };
  let look: NodeJS.Timeout | undefined;
  const once = onceIn(TWICE, (signal) => {
    // The end of npx, which the same signal may bring about, would count as a second one.
    if (signal !== "SIGHUP") clearInterval(look);
    forward(signal);
  });
  for (const signal of SIGNALS) process.on(signal, once);
  const stops = IS_WINDOWS ? undefined : stopTogether(child);
  if (isExecuted(process.env)) {
    look = followNpx(() => once("SIGTERM"));
  }
  return new Promise((resolve, reject) => {
    const end = () => {
      clearInterval(look);
      stops?.();
      for (const signal of SIGNALS) process.off(signal, once);
    };
    child.once("error", (error) => {
      end();
      reject(cannotRun(program, error));
    });
    child.once("exit", (code, signal) => {
      end();
      if (signal === null) process.exitCode = code ?? 1;
      else if (IS_WINDOWS) process.exitCode = SIGNALLED;
      else process.kill(process.pid, signal);
      resolve();
    });
  });
}

/**
 * Returns the command that the user probably typed, for hints in messages.
 *
 * @param agent value of npm_config_user_agent, which package managers set, such as `pnpm/10.1.0 npm/? node/v22.0.0 linux x64`
 */
export function commandName(agent: string | undefined): string {
  return COMMANDS.get(packageManager(agent) ?? "") ?? "npx perfmock";
}

/** Names that package managers give to what they run where that is a command of a package, and no script of the project. */
const NO_SCRIPTS: ReadonlySet<string | undefined> = new Set([
  undefined,
  "bunx",
  "exec",
  "perfmock",
]);

/**
 * True if `npx`, `pnpm exec`, `yarn perfmock` or the like runs this command: they wait for its end. A script of the project may leave it
 * behind on purpose, as `perfmock serve & …` does.
 */
export function isExecuted(
  { npm_command, npm_config_user_agent, npm_lifecycle_event }: Readonly<
    Record<string, string | undefined>
  >,
): boolean {
  if (npm_command !== undefined) return npm_command === "exec";
  return COMMANDS.has(packageManager(npm_config_user_agent) ?? "") &&
    NO_SCRIPTS.has(npm_lifecycle_event);
}

/** Calls a function for a signal, but not for the same signal again within a time in ms. */
function onceIn(
  time: number,
  act: (signal: NodeJS.Signals) => void,
): (signal: NodeJS.Signals) => void {
  const last = new Map<NodeJS.Signals, number>();
  return (signal) => {
    const now = performance.now();
    if (now - (last.get(signal) ?? -Infinity) < time) return;
    last.set(signal, now);
    act(signal);
  };
}

/** Stops and continues a process together with this one, as Ctrl-Z and `fg` do. Returns a function that ends it. */
function stopTogether(
  child: { kill(signal: NodeJS.Signals): boolean },
): () => void {
  const stop = () => {
    child.kill("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  };
  const go = () => child.kill("SIGCONT");
  process.on("SIGTSTP", stop);
  process.on("SIGCONT", go);
  return () => {
    process.off("SIGTSTP", stop);
    process.off("SIGCONT", go);
  };
}

/**
 * Calls a function once npx, or what else has started this process, has ended: where it is killed, it takes nobody with it, and where it
 * receives a signal, the shell in between does not pass that on.
 */
function followNpx(ended: () => void): NodeJS.Timeout {
  const first = npxAbove();
  const look = setInterval(() => {
    if (npxAbove() === first) return;
    clearInterval(look);
    ended();
  }, LOOK);
  return look;
}

/** The processes between this one and npx, npx included. */
function npxAbove(): string {
  const parent = process.ppid;
  try {
    const stat = readFileSync(`/proc/${parent}/stat`, "utf8");
    const [, name, above] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    return name === "sh" ? `${parent} ${above}` : `${parent}`;
  } catch {
    // Only Linux has these files, and dash, the shell that stays between.
    return `${parent}`;
  }
}
