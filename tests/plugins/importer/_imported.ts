/** Helpers: files that are imported as the command line does it. */
import { join } from "node:path";
import { parse } from "yaml";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

/** A route of a configuration as written. */
export interface WrittenRoute {
  readonly id: string;
  readonly method?: string;
  readonly path: string;
  readonly when?: unknown;
  readonly serviceTime?: unknown;
  readonly serviceTimes?: unknown;
  readonly response?: Readonly<Record<string, unknown>>;
  readonly responses?: unknown;
  readonly faults?: unknown;
  readonly wire?: unknown;
  readonly turns?: unknown;
}

/** Result of an import. */
export interface ImportedFiles {
  readonly status: number;
  /** The configuration as text; empty after an error. */
  readonly text: string;
  /** Routes of the configuration. */
  readonly routes: readonly WrittenRoute[];
  /** Profiles of the configuration. */
  readonly profiles: Readonly<Record<string, unknown>>;
  /** The load script; undefined for none. */
  readonly script:
    | {
      readonly text: string;
      readonly scenarios: Readonly<Record<string, Record<string, unknown>>>;
    }
    | undefined;
  /** Summary, or errors. */
  readonly summary: string;
}

/**
 * Imports files.
 *
 * @param files contents by name; values that are no text become JSON. Names that begin with + are not imported themselves
 */
export async function importOf(
  files: Readonly<Record<string, unknown>>,
  ...options: readonly string[]
): Promise<ImportedFiles> {
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name.replace(/^\+/, ""),
      typeof content === "string" ? content : JSON.stringify(content),
    ]),
  );
  await using folder = await folderWith(texts);
  const names = Object.keys(files).filter((name) => !name.startsWith("+"))
    .map((name) => join(folder.path, name));
  const { status, out, err } = await cli("import", ...names, ...options);
  const value = status === 0
    ? parse(out) as {
      routes?: WrittenRoute[];
      plugins?: { distributions: { profiles: Record<string, unknown> } };
    }
    : {};
  const file = join(folder.path, "script.yaml");
  const wants = /--script FILE/.test(err);
  if (wants) await cli("import", ...names, ...options, "--script", file);
  const text = wants ? await Deno.readTextFile(file) : undefined;
  return {
    status,
    text: out,
    routes: value.routes ?? [],
    profiles: value.plugins?.distributions.profiles ?? {},
    script: text === undefined
      ? undefined
      : { text, scenarios: parse(text).scenarios },
    summary: err,
  };
}

/** Makes an entry of a HAR. */
export function harEntry(
  url: string,
  {
    method = "GET",
    status = 200,
    type = "application/json",
    text = "{}",
    wait = 12,
    ...more
  }: {
    readonly method?: string;
    readonly status?: number;
    readonly type?: string;
    readonly text?: string;
    readonly wait?: number;
    readonly [key: string]: unknown;
  } = {},
): Record<string, unknown> {
  return {
    startedDateTime: "2026-03-01T10:00:00.000Z",
    time: wait + 2,
    request: { method, url, headers: [] },
    response: {
      status,
      headers: [{ name: "content-type", value: type }],
      content: { mimeType: type, size: text.length, text },
    },
    timings: { send: 1, wait, receive: 1 },
    ...more,
  };
}

/** Makes a HAR. */
export function harOf(...entries: readonly unknown[]): unknown {
  return { log: { version: "1.2", entries } };
}
