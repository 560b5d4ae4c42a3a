/**
 * Tables that settings name by a file: measured times, buckets, points of a trace.
 *
 * A setting's type is read at once, but reading a large file would keep the server from answering. Where {@linkcode withTables}
 * surrounds the reading of settings, files are read off this thread and their lines in slices, and the settings are then read
 * again. Elsewhere, as in the command line, a table is read at once.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  FileError,
  type LineLimits,
  linesIn,
  linesOf,
  readBytes,
} from "./read_file.ts";
import { atOnce, inSlices } from "./time/mod.ts";

/** A kind of table, the same object wherever it is asked for. */
export interface TableKind<T> {
  /** Limits of the file. */
  readonly limits: LineLimits;
  /**
   * Reads the lines. Yields every few hundred lines, so that the thread may do something else.
   *
   * @throws FileError where the file cannot be read, as `lines` does; any other error of the kind
   */
  readonly read: (lines: Iterable<string>, path: string) => Generator<void, T>;
}

/** Result of reading a table. */
type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Tables of one reading of settings. */
interface Reading {
  /** Tables that were read, or could not be. */
  readonly read: Map<TableKind<unknown>, Map<string, Outcome>>;
  /** Tables to read before the settings are read again. */
  wanted: Set<readonly [kind: TableKind<unknown>, path: string]>;
  /** Number of times at which a table was wanted. */
  missed: number;
  /** True when the settings were read. */
  over: boolean;
}

const readings = new AsyncLocalStorage<Reading>();

/**
 * Returns the table in a file.
 *
 * @param kind the same object for the same meaning
 * @param path absolute path
 * @throws FileError where the file cannot be read; errors of the kind
 */
export function tableOf<T>(kind: TableKind<T>, path: string): T {
  const reading = readings.getStore();
  if (reading === undefined || reading.over) {
    return atOnce(kind.read(linesOf(path, kind.limits), path));
  }
  const outcome = reading.read.get(kind)?.get(path);
  if (outcome === undefined) {
    reading.missed++;
    reading.wanted.add([kind, path]);
    // Nobody sees this error: the settings are read again.
    throw new FileError("it is not read yet");
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.value as T;
}

/** Returns the number of tables that were missing so far. If it grows while settings are read, they have to be read again. */
export function missedTables(): number {
  return readings.getStore()?.missed ?? 0;
}

/**
 * Reads settings, and the tables that they name, without keeping this thread for long.
 *
 * @param read reads the settings; runs again after tables were read
 */
export async function withTables<T>(read: () => T | Promise<T>): Promise<T> {
  const outer = readings.getStore();
  if (outer !== undefined && !outer.over) return await read();
  const reading: Reading = {
    read: new Map(),
    wanted: new Set(),
    missed: 0,
    over: false,
  };
  try {
    for (;;) {
      const before = reading.missed;
      const result = await settled(() => readings.run(reading, read));
      if (reading.missed === before) {
        if ("error" in result) throw result.error;
        return result.value as T;
      }
      const { wanted } = reading;
      reading.wanted = new Set();
      for (const [kind, path] of wanted) await readInto(reading, kind, path);
    }
  } finally {
    reading.over = true;
  }
}

async function readInto(
  { read }: Reading,
  kind: TableKind<unknown>,
  path: string,
): Promise<void> {
  const tables = read.get(kind) ?? new Map<string, Outcome>();
  read.set(kind, tables);
  // Several settings may name the same file.
  if (tables.has(path)) return;
  tables.set(
    path,
    await settled(async () => {
      const bytes = await readBytes(path, kind.limits);
      return await inSlices(kind.read(linesIn(bytes, kind.limits), path));
    }),
  );
}

async function settled(act: () => unknown): Promise<Outcome> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error };
  }
}
