/**
 * perfmock on each of its engines, for benchmarks that compare them.
 *
 * @module
 */
import type { Context, Row, Target } from "./benchmark.ts";
import type { Children } from "./processes.ts";
import { type Server, startPerfmock } from "./servers.ts";

/** Engines that are compared, the first one being the subject of the targets. */
export const ENGINES = ["native", "deno"] as const;

/** Name of an engine, as `server.engine` has it. */
export type EngineName = typeof ENGINES[number];

/** A configuration, as JSON. */
export type Config = Readonly<Record<string, unknown>>;

/** Label of perfmock on an engine. */
export function onEngine(engine: EngineName): string {
  return `perfmock, engine ${engine}`;
}

/**
 * Returns the engines that are measured.
 *
 * @param list names with commas between them, undefined for all; default the environment variable PERFMOCK_ENGINES
 * @throws Error if a name is unknown
 */
export function chosenEngines(
  list: string | undefined = Deno.env.get("PERFMOCK_ENGINES"),
): readonly EngineName[] {
  if (list === undefined || list === "") return ENGINES;
  const names = list.split(",").map((name) => name.trim());
  for (const name of names) {
    if (ENGINES.some((engine) => engine === name)) continue;
    throw new Error(
      `PERFMOCK_ENGINES must be names of ${
        ENGINES.join(" and ")
      } with commas between them, received "${list}"`,
    );
  }
  return ENGINES.filter((engine) => names.includes(engine));
}

/** Returns a configuration that names an engine. */
export function withEngine(config: Config, engine: EngineName): Config {
  const { server } = config as { readonly server?: object };
  return { ...config, server: { ...server, engine } };
}

/** Starts perfmock with a configuration. */
export type StartPerfmock = (
  children: Children,
  config: Config,
) => Promise<Server>;

const serve: StartPerfmock = (children, config) =>
  startPerfmock(children, { config });

/** The engines that run, and those that do not. */
export interface Engines {
  /** Servers by label, the subject of the targets first. */
  readonly servers: ReadonlyMap<string, Server>;
  /** Labels of the engines that do not run here. */
  readonly absent: readonly string[];
}

/**
 * Starts perfmock on each chosen engine. Notes the reason for each engine that does not run here.
 *
 * @param context of the benchmark
 * @param config configuration without an engine
 * @param start starts the process; default `perfmock serve`
 */
export async function startEngines(
  context: Context,
  config: Config,
  start: StartPerfmock = serve,
): Promise<Engines> {
  const servers = new Map<string, Server>();
  const absent: string[] = [];
  for (const engine of chosenEngines()) {
    const server = await startEngine(context, engine, { config, start });
    if (typeof server === "string") {
      context.note(server);
      absent.push(onEngine(engine));
    } else servers.set(onEngine(engine), server);
  }
  return { servers, absent };
}

/** Starts perfmock on one engine. Returns the reason, as a sentence, if that engine does not run here. */
export async function startEngine(
  { children }: Context,
  engine: EngineName,
  { config, start = serve }: {
    /** Configuration without an engine. */
    readonly config: Config;
    /** Starts the process; default `perfmock serve`. */
    readonly start?: StartPerfmock;
  },
): Promise<Server | string> {
  if (!await isKnown(engine)) {
    return `This perfmock does not know the engine "${engine}", so its rows are empty`;
  }
  try {
    const server = await start(children, withEngine(config, engine));
    const running = await runningEngine(server);
    return running === undefined || running === engine
      ? server
      : `A server that was told to use the engine "${engine}" runs on "${running}", so its rows are empty`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `The engine "${engine}" does not run here, so its rows are empty: ${reason}`;
  }
}

/** Returns the engine that a server names in `health`; undefined if it names none. */
async function runningEngine({ url }: Server): Promise<string | undefined> {
  const { engine } = await (await fetch(`${url}/_perfmock/health`)).json();
  return typeof engine === "string" ? engine : undefined;
}

/** Returns true if a configuration may name the engine. */
export async function isKnown(engine: string): Promise<boolean> {
  const folder = await Deno.makeTempDir({ prefix: "perfmock_bench_" });
  try {
    const file = `${folder}/perfmock.json`;
    const config = { server: { engine }, routes: [] };
    await Deno.writeTextFile(file, JSON.stringify(config));
    const program = new URL("../../mod.ts", import.meta.url).pathname;
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", program, "check", "--config", file],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Empty rows for engines that do not run: their targets are missed. */
export function absentRows(
  labels: readonly string[],
  columns: readonly string[],
  { prefix = "", targets = () => [] }: {
    /** Text before each label. */
    readonly prefix?: string;
    /** Returns the targets of a row by its label. */
    readonly targets?: (label: string) => readonly Target[];
  } = {},
): Row[] {
  return labels.map((label) => ({
    what: `${prefix}${label}`,
    values: Object.fromEntries(columns.map((column, i) => [
      column,
      i === 0 ? "does not run" : NaN,
    ])),
    targets: targets(label),
  }));
}
