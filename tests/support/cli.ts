/** Runs the command line, in this process or in one of its own. */
import { fileURLToPath } from "node:url";
import { main } from "../../core/cli/mod.ts";
import type { Terminal } from "../../core/cli/terminal.ts";
import { until } from "./wait.ts";

const MOD = fileURLToPath(new URL("../../mod.ts", import.meta.url));

/** Result of a command. */
export interface Ended {
  /** Exit status. */
  readonly status: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

/** Runs a command in this process. */
export async function cli(...args: readonly string[]): Promise<Ended> {
  let out = "";
  let err = "";
  const terminal: Terminal = {
    write: (text) => void (out += text),
    writeError: (text) => void (err += text),
    bold: (text) => text,
    dim: (text) => text,
  };
  const status = await main(args, terminal);
  return { status, out, err };
}

/** Working directory and environment of a process. */
export interface Surroundings {
  /** Working directory. Default: that of this process. */
  readonly cwd?: string;
  /** Environment variables, in addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Number of descriptors that the process may open. Default: that of this process. */
  readonly descriptors?: number;
}

function command(
  args: readonly string[],
  { cwd, descriptors, env }: Surroundings,
): Deno.ChildProcess {
  const own = [Deno.execPath(), "run", "-A", MOD, ...args];
  const [program, ...rest] = descriptors === undefined
    ? own
    : ["sh", "-c", `ulimit -n ${descriptors} && exec "$0" "$@"`, ...own];
  return new Deno.Command(program, {
    args: rest,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...cwd !== undefined && { cwd },
    ...env !== undefined && { env: { ...env } },
  }).spawn();
}

/** Reads the text of a stream; `received` receives all of it so far with each piece. */
async function textOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  received: (text: string) => void = () => {},
): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    received(text += part);
  }
  return text;
}

async function end(
  child: Deno.ChildProcess,
  onError?: (text: string) => void,
): Promise<Ended> {
  const [{ code }, out, err] = await Promise.all([
    child.status,
    textOf(child.stdout),
    textOf(child.stderr, onError),
  ]);
  return { status: code, out, err };
}

/** Runs a command in a process of its own. */
export async function run(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Ended> {
  return await end(command(args, surroundings));
}

/** A process that serves. */
export interface Serving extends AsyncDisposable {
  /** URL it listens on. */
  readonly url: URL;
  /** Process id from the ready file. */
  readonly pid: number;
  /** Folder with its ready file, ready.json. */
  readonly folder: string;
  /** Sends a signal to the process that wrote the ready file. */
  signal(name: "SIGINT" | "SIGTERM" | "SIGHUP"): void;
  /** Standard error so far. */
  readonly err: string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<Ended>;
}

/** Starts `serve` and waits until it listens. */
export async function serving(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Serving> {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/ready.json`;
  const child = command(
    ["serve", "--ready-file", file, ...args],
    surroundings,
  );
  let err = "";
  const ended = end(child, (text) => err = text);
  let over = false;
  ended.finally(() => over = true);
  let text = "";
  await until(async () => {
    if (over) throw new Error(`It ended: ${(await ended).err}`);
    try {
      text = await Deno.readTextFile(file);
      return true;
    } catch {
      return false;
    }
  });
  const { url, pid } = JSON.parse(text) as { url: string; pid: number };
  return {
    url: new URL(url),
    pid,
    folder,
    get err() {
      return err;
    },
    signal: (name) => Deno.kill(pid, name),
    ended,
    async [Symbol.asyncDispose]() {
      if (!over) child.kill("SIGKILL");
      await ended;
      await Deno.remove(folder, { recursive: true });
    },
  };
}
