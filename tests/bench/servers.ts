/**
 * The servers that the benchmarks compare, each in a process of its own on a free port of the loopback.
 *
 * @module
 */
import type { Child, Children } from "./processes.ts";

/** A server that listens. */
export interface Server {
  /** Its address without a trailing slash. */
  readonly url: string;
  /** Its process; the runner ends it. */
  readonly child: Child;
}

/** What a process keeps in memory, in bytes. */
export interface Memory {
  /** JavaScript's heap, after a collection. */
  readonly heapUsed: number;
  /** All that is resident. */
  readonly rss: number;
}

/** The flags for Deno with which a process can be asked by {@linkcode memoryOf}. */
export const PROBED: readonly string[] = [
  "--v8-flags=--expose-gc",
  "--preload",
  new URL("servers/_memory_probe.ts", import.meta.url).pathname,
];

/** Asks a server that was started with the flags {@linkcode PROBED}. */
export async function memoryOf({ child }: Server): Promise<Memory> {
  child.signal("SIGUSR2");
  return JSON.parse(await child.line());
}

/** Starts one of the scripts under servers/. */
export function startScript(
  children: Children,
  script: string,
  { args, flags, env }: {
    /** The script's arguments. */
    readonly args?: readonly string[];
    /** Deno's own. */
    readonly flags?: readonly string[];
    /** Environment variables. */
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Server> {
  return listening(
    children.deno(`servers/${script}.ts`, args, flags, { env }),
  );
}

/**
 * Compiles and starts the native reference.
 *
 * @param delay of each answer, in milliseconds
 * @returns a sentence instead where it cannot be had here
 */
export async function startNative(
  children: Children,
  delay: number,
): Promise<Server | string> {
  if (Deno.build.os !== "linux") return "The native reference needs Linux";
  const folder = await Deno.makeTempDir({ prefix: "perfmock_bench_" });
  try {
    const source = new URL("native_reference.c", import.meta.url).pathname;
    const binary = `${folder}/native_reference`;
    const { success, stderr } = await new Deno.Command("cc", {
      args: ["-O2", "-o", binary, source],
    }).output();
    if (!success) {
      const reason = new TextDecoder().decode(stderr).split("\n", 1)[0];
      return `The native reference does not compile here: ${reason}`;
    }
    return await listening(children.spawn(binary, [String(delay)]));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "There is no C compiler here (cc): the native reference is left out";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** How {@linkcode startPerfmock} starts it. */
export interface PerfmockOptions {
  /** Its configuration. */
  readonly config: unknown;
  /** Flags for Deno. */
  readonly flags?: readonly string[];
  /** How often to look whether it listens, in milliseconds. */
  readonly interval?: number;
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts perfmock's own command line.
 *
 * @throws Error where it does not listen within 30 s
 */
export async function startPerfmock(
  children: Children,
  { config, flags = [], interval = 20, env = {} }: PerfmockOptions,
): Promise<Server> {
  const folder = await Deno.makeTempDir({ prefix: "perfmock_bench_" });
  try {
    const file = `${folder}/perfmock.json`;
    const ready = `${folder}/ready.json`;
    await Deno.writeTextFile(file, JSON.stringify(config));
    const child = children.deno(
      "../../mod.ts",
      [
        ...["serve", "--config", file, "--port", "0"],
        ...["--ready-file", ready, "--quiet"],
      ],
      flags,
      { env },
    );
    for (const end = performance.now() + 30_000; performance.now() < end;) {
      const { url } = await readReady(ready);
      if (url !== undefined) return { url: url.replace(/\/$/, ""), child };
      if (child.ended) break;
      await new Promise((resolve) => setTimeout(resolve, interval));
    }
    await child.stop();
    throw new Error("perfmock did not start");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is in a ready file; nothing while it is absent or half written. */
async function readReady(file: string): Promise<{ readonly url?: string }> {
  try {
    return JSON.parse(await Deno.readTextFile(file));
  } catch {
    return {};
  }
}

async function listening(child: Child): Promise<Server> {
  const { port } = JSON.parse(await child.line());
  return { url: `http://127.0.0.1:${port}`, child };
}
