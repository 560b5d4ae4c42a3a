/**
 * Checks coverage by folder: 100 % of statistical code, 90 % of everything else under core/ and plugins/, of lines,
 * branches and functions each. A file that no test loads is an error of its own, because the coverage report does not contain it.
 *
 * @module
 */
import { pathToFileURL } from "node:url";

/** Executed part of a number of items. */
export interface Share {
  /** Number executed. */
  readonly hit: number;
  /** Total number. */
  readonly found: number;
}

/** Coverage of one file. */
export interface FileCoverage {
  /** Path relative to the repository. */
  readonly path: string;
  /** Executed lines. */
  readonly lines: Share;
  /** Executed branches, as V8 counts them: blocks that ran a different number of times than the enclosing block. */
  readonly branches: Share;
  /** Executed functions. */
  readonly functions: Share;
  /** Code that was not executed: `12`, `branch at 14`, `function f`. */
  readonly missed: readonly string[];
}

/** Coverage of one folder, and its threshold. */
export interface FolderCoverage {
  /**
   * `core/<name>`, `core/lib/<name>` or `plugins/<name>`, subfolders included; `core` and `core/lib` for the files directly in
   * them.
   */
  readonly folder: string;
  /** Minimum percentage of lines, branches and functions each. */
  readonly threshold: number;
  /** Percentage of lines. */
  readonly lines: number;
  /** Percentage of branches. */
  readonly branches: number;
  /** Percentage of functions. */
  readonly functions: number;
  /** Files in the folder. */
  readonly files: readonly FileCoverage[];
  /** True if no percentage is below the threshold. */
  readonly ok: boolean;
}

/** Folders of statistical code, which require 100 %. */
const COMPLETE = [
  "core/lib/random",
  "core/lib/special",
  "core/testing",
  "plugins/bottleneck_finder/statistics",
  "plugins/distributions",
  "plugins/importer/statistics",
];

/** Beginnings of the paths whose tests need a Redis server. */
const OF_REDIS = [
  "core/cluster/redis_store.ts",
  "core/cluster/scripts.ts",
  "core/shared/",
  "plugins/limiter/shared/",
];

/** True for a file whose tests need a Redis server, so that they are left out where none is installed. */
export function needsRedis(path: string): boolean {
  return OF_REDIS.some((beginning) => path.startsWith(beginning));
}

/** Parses a report in LCOV format. `root` is the absolute path of the repository; files outside it are ignored. */
export function parseLcov(lcov: string, root: string): FileCoverage[] {
  return lcov.split("end_of_record").flatMap((record) => {
    const lines = record.trim().split("\n").map((line) => line.trim());
    const path = lines.find((l) => l.startsWith(`SF:${root}/`))
      ?.slice(`SF:${root}/`.length);
    return path === undefined ? [] : [readRecord(path, lines)];
  });
}

function readRecord(path: string, lines: readonly string[]): FileCoverage {
  const fields = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}:`))
      .map((line) => line.slice(key.length + 1).split(","));
  const count = (key: string) => Number(fields(key)[0]?.[0] ?? 0);
  const missed = [
    ...ranges(
      fields("DA").filter(([, hits]) => hits === "0").map(([line]) =>
        Number(line)
      ),
    ),
    ...fields("BRDA").filter(([, , , taken]) => taken === "-" || taken === "0")
      .map(([line]) => `branch at ${line}`),
    ...fields("FNDA").filter(([hits]) => hits === "0")
      .map(([, name]) => `function ${name}`),
  ];
  return {
    path,
    lines: { hit: count("LH"), found: count("LF") },
    branches: { hit: count("BRH"), found: count("BRF") },
    functions: { hit: count("FNH"), found: count("FNF") },
    missed: [...new Set(missed)],
  };
}

/** Combines line numbers into ranges: `[3, 4, 5, 9]` → `["3-5", "9"]`. */
function ranges(lines: readonly number[]): string[] {
  const found: [number, number][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`);
}

/** Sums the coverage of each folder's files. Files outside core/ and plugins/ are ignored. */
export function judge(files: readonly FileCoverage[]): FolderCoverage[] {
  const folders = Map.groupBy(
    files.filter((file) => /^(core|plugins)\//.test(file.path)),
    (file) => folderOf(file.path),
  );
  return [...folders].map(([folder, files]) => {
    const threshold = COMPLETE.includes(folder) ? 100 : 90;
    const [lines, branches, functions] = [
      percentage(files.map((file) => file.lines)),
      percentage(files.map((file) => file.branches)),
      percentage(files.map((file) => file.functions)),
    ];
    const ok = Math.min(lines, branches, functions) >= threshold;
    return { folder, threshold, lines, branches, functions, files, ok };
  }).toSorted((a, b) => a.folder < b.folder ? -1 : 1);
}

function folderOf(path: string): string {
  const complete = COMPLETE.find((folder) => path.startsWith(`${folder}/`));
  if (complete !== undefined) return complete;
  const folders = path.split("/").slice(0, -1);
  return folders.slice(0, folders[1] === "lib" ? 3 : 2).join("/");
}

function percentage(shares: readonly Share[]): number {
  const found = shares.reduce((sum, share) => sum + share.found, 0);
  const hit = shares.reduce((sum, share) => sum + share.hit, 0);
  return found === 0 ? 100 : 100 * hit / found;
}

/** Returns the paths among `sources` that occur in none of V8's profiles because no test loads them. */
export function unloaded(
  sources: readonly string[],
  loaded: ReadonlySet<string>,
  root: string,
): string[] {
  return sources.filter((path) =>
    !loaded.has(pathToFileURL(`${root}/${path}`).href)
  );
}

/** Returns the URLs of all scripts in the V8 profiles of a folder. */
export async function profiledScripts(
  directory: string,
): Promise<Set<string>> {
  const urls = new Set<string>();
  const head = new Uint8Array(PROFILE_HEAD);
  const text = new TextDecoder();
  for await (const { name } of Deno.readDir(directory)) {
    using file = await Deno.open(`${directory}/${name}`);
    const size = await file.read(head) ?? 0;
    const url = PROFILE_URL.exec(text.decode(head.subarray(0, size)))?.[1];
    if (url !== undefined) urls.add(JSON.parse(url));
  }
  return urls;
}

/** Bytes of a profile that are read: its address stands at the beginning, and there are tens of thousands of profiles. */
const PROFILE_HEAD = 4096;

const PROFILE_URL = /"url":\s*("(?:[^"\\]|\\.)*")/;

/** Formats a table of all folders, followed by the code not executed in folders below their threshold. */
export function table(folders: readonly FolderCoverage[]): string {
  const cell = (percent: number) =>
    // Truncated, not rounded: 99.96 % must not appear as 100.0 %.
    (Math.floor(percent * 10) / 10).toFixed(1).padStart(9);
  const rows = folders.map((f) =>
    `${f.ok ? "  " : "! "}${f.folder.padEnd(28)}` +
    cell(f.lines) + cell(f.branches) + cell(f.functions) +
    `   ≥ ${f.threshold}`
  );
  const details = folders.filter((folder) => !folder.ok)
    .flatMap((folder) => folder.files)
    .filter((file) => file.missed.length > 0)
    .map((file) => `  ${file.path}: ${file.missed.join(", ")}`);
  return [
    `  ${"coverage in %".padEnd(28)}    lines branches functions`,
    ...rows,
    ...(details.length > 0 ? ["", "  Not run:", ...details] : []),
  ].join("\n");
}
