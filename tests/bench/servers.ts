/**
 * Starts the servers that the benchmarks compare, each in a separate process on a free port of the loopback interface.
 *
 * @module
 */
import type { Child, Children } from "./processes.ts";

/** A running server. */
export interface Server {
  /** Base URL without a trailing slash. */
  readonly url: string;
  /** Process of the server; the runner stops it. */
  readonly child: Child;
}

/** Memory use of a process, in bytes. */
export interface Memory {
  /** Size of the JavaScript heap after garbage collection. */
  readonly heapUsed: number;
  /** Resident set size. */
  readonly rss: number;
}

/** Flags of `deno run` that {@linkcode memoryOf} requires. */
export const PROBED: readonly string[] = [
  "--v8-flags=--expose-gc",
  "--preload",
  new URL("servers/_memory_probe.ts", import.meta.url).pathname,
];

/** Returns the memory use of a server that was started with the flags {@linkcode PROBED}. */
export async function memoryOf({ child }: Server): Promise<Memory> {
  child.signal("SIGUSR2");
  return JSON.parse(await child.line());
}

/** Starts one of the scripts under servers/. */
export function startScript(
  children: Children,
  script: string,
  { args, flags, env }: {
    /** Arguments of the script. */
    readonly args?: readonly string[];
    /** Flags of `deno run`. */
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
 * @param delay delay of each answer, in ms
 * @param answer whole answer, head and body, that every request receives; default a short one with Server-Timing
 * @returns the server, or the reason, as a sentence, if it cannot be compiled or run here
 */
export async function startNative(
  children: Children,
  delay: number,
  answer?: string,
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
    const args = answer === undefined ? [] : [answer];
    return await listening(children.spawn(binary, [`${delay}`, ...args]));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return "There is no C compiler here (cc), so the native reference is left out";
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Lateness of answers as the native reference saw it, from when they were due to after their write, in ms. */
export interface NativeLateness {
  /** Number of answers. */
  readonly count: number;
  /** Median. */
  readonly p50: number;
  /** 99th percentile. */
  readonly p99: number;
  /** Quantile at 99.9 %. */
  readonly p999: number;
  /** Maximum. */
  readonly max: number;
}

/** Returns the lateness of the answers that the native reference has given since it was last asked. */
export async function nativeLateness(
  { child }: Server,
): Promise<NativeLateness> {
  await child.send("lateness");
  return JSON.parse(await child.line());
}

/** Options of {@linkcode startPerfmock}. */
export interface PerfmockOptions {
  /** Configuration of the server. */
  readonly config: unknown;
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** Flags of `deno run`. */
  readonly flags?: readonly string[];
  /** Interval at which the ready file is read, in ms. Default 20. */
  readonly interval?: number;
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts `perfmock serve`.
 *
 * @throws Error if it does not listen within 30 s
 */
export async function startPerfmock(
  children: Children,
  { args = [], config, flags = [], interval = 20, env = {} }: PerfmockOptions,
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
        ...args,
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

/** Reads a ready file; returns an empty object if it is absent or incomplete. */
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
