/**
 * Access logs: routes by the templates of their paths, with the durations, statuses and sizes that were logged, and the arrivals as a
 * load script.
 *
 * @module
 */
import { basename } from "node:path";
import {
  type Issue,
  type Omission,
  PerfmockError,
} from "../../../core/plugin.ts";
import { Draft } from "../mocks/draft.ts";
import { DurationList, fittedTime } from "../mocks/durations.ts";
import { literalSegment } from "../mocks/paths.ts";
import { inFile, placeIn } from "../mocks/read_source.ts";
import { LONG_LINE, type Reader } from "../reading/reader.ts";
import { isStatus, StatusCounts } from "../mocks/statuses.ts";
import type { FitTools } from "../statistics/fit.ts";
import { Arrivals, trafficOf } from "./arrivals.ts";
import { jsonLines } from "./json_lines.ts";
import {
  FORMAT_NAMES,
  formatOf,
  FOUND_FORMATS,
  type LineFormat,
  type LogEntry,
} from "./line_formats.ts";
import { PathTree } from "./templates.ts";

/** Greatest number of routes; the rarest are left out. */
const MOST_ROUTES = 500;

/** Greatest time of a date, in ms since 1970. */
const LAST_DATE = 8.64e15;

/** Number of lines from which the format is found. */
const LOOKED_AT = 50;

/** Options of the importer of access logs. */
export interface LogOptions {
  /** Format string of the server, or one of its names; undefined to find it. */
  readonly logFormat?: string | undefined;
  /** Reads the files. */
  readonly reader: Reader;
  /** Tools that distributions are fitted with. */
  readonly tools: FitTools;
}

/** Requests of one route. */
interface Bucket {
  readonly method: string;
  readonly template: string;
  readonly durations: DurationList;
  readonly statuses: StatusCounts;
  readonly sizes: DurationList;
  /** First path that was logged. */
  readonly sample: string;
  readonly place: string;
  untimed: number;
}

/** File of a log and its format. */
interface FormattedFile {
  readonly path: string;
  readonly format: LineFormat;
}

/**
 * Makes a draft of a log.
 *
 * @throws FileError where no line holds a request, or the format has none
 */
export async function draftOfLog(
  paths: readonly string[],
  { logFormat, reader, tools }: LogOptions,
): Promise<Draft> {
  const files = await formattedFiles(paths, { logFormat, reader });
  const formats = files.map(({ format }) => format);
  const draft = new Draft(
    `access log in ${[...new Set(formats.map(({ name }) => name))].join(", ")}`,
  );
  const tree = new PathTree();
  for await (const { entry } of entriesOf(files, reader)) {
    if (!("reason" in entry)) tree.add(pathnameOf(entry));
  }
  tree.settle();
  const buckets = new Map<string, Bucket>();
  const arrivals = new Arrivals();
  const begins = new Map<string, number>();
  for await (const { file, number, entry } of entriesOf(files, reader)) {
    const place = placeIn(paths, file.path, `line ${number}`);
    if ("reason" in entry) {
      draft.left.add(entry, place);
      continue;
    }
    addEntry(entry, { place, tree, buckets, arrivals, draft });
    const begin = begins.get(file.path) ?? Infinity;
    if (isDate(entry.at) && entry.at < begin) begins.set(file.path, entry.at);
  }
  if (buckets.size === 0) {
    throw inFile(
      paths[0],
      draft.left.count === 0
        ? "it is empty"
        : `no line holds a request: ${draft.left}`,
      `lines in the format of --log-format: ${
        FORMAT_NAMES.join(", ")
      }, or the format string of the server`,
    );
  }
  const sources = new Set(formats.flatMap(({ durations }) => durations ?? []));
  draft.notes.push(
    sources.size === 0
      ? "The log has no durations: routes answer at once. Log $request_time (nginx), %D (Apache) or %DURATION% (Envoy), and name the format by --log-format."
      : `Service times are ${[...sources].join("; ")}.`,
  );
  const routes = [...buckets.values()].sort((a, b) =>
    b.statuses.total - a.statuses.total
  );
  for (const bucket of routes.slice(MOST_ROUTES)) {
    draft.leave(
      `routes beyond the ${MOST_ROUTES} most frequent ones`,
      bucket.place,
      `${bucket.method} ${bucket.template}`,
    );
  }
  const from = basename(paths[0]);
  const kept = routes.slice(0, MOST_ROUTES).filter((bucket) =>
    pushRoute(bucket, { isTimed: sources.size > 0, draft, tools, from })
  );
  draft.scenarios.push(
    ...trafficOf(arrivals, kept, {
      files: paths.map((path) => ({
        path,
        from: begins.get(path) ?? Infinity,
      })),
      replays: formats.every(({ replays }) => replays),
      reader,
      draft,
    }),
  );
  return draft;
}

/** Yields what each line of the files holds that is not blank. */
async function* entriesOf(
  files: readonly FormattedFile[],
  reader: Reader,
): AsyncGenerator<
  {
    readonly file: FormattedFile;
    readonly number: number;
    readonly entry: LogEntry | Omission;
  },
  void
> {
  for (const file of files) {
    for await (const { first, lines } of reader.lines(file.path)) {
      for (const [index, line] of lines.entries()) {
        if (line?.trim() === "") continue;
        const entry = line === undefined
          ? { reason: LONG_LINE }
          : file.format.read(line);
        yield { file, number: first + index, entry };
      }
    }
  }
}

function pathnameOf({ path }: LogEntry): string {
  return path.split(/[?#]/, 1)[0];
}

function addEntry(
  entry: LogEntry,
  { place, tree, buckets, arrivals, draft }: {
    readonly place: string;
    readonly tree: PathTree;
    readonly buckets: Map<string, Bucket>;
    readonly arrivals: Arrivals;
    readonly draft: Draft;
  },
): void {
  const { method, path, status, duration, size, at } = entry;
  const pathname = pathnameOf(entry);
  if (/\/{2}/.test(pathname)) {
    draft.leave(
      "paths with an empty segment, for which there can be no route",
      place,
    );
    return;
  }
  const template = tree.templateOf(pathname);
  const key = `${method} ${template}`;
  let bucket = buckets.get(key);
  if (bucket === undefined) {
    bucket = {
      method,
      template,
      durations: new DurationList(),
      statuses: new StatusCounts(),
      sizes: new DurationList(),
      sample: path,
      place,
      untimed: 0,
    };
    buckets.set(key, bucket);
  }
  if (isStatus(status)) bucket.statuses.add(status);
  else {
    draft.change(
      "answers without a status, such as of clients that left",
      place,
    );
    bucket.statuses.add(200);
  }
  if (duration === undefined) bucket.untimed++;
  else if (!(status >= 400)) bucket.durations.add(duration);
  if (size !== undefined && !(status >= 300)) bucket.sizes.add(size);
  if (isDate(at)) arrivals.add(at, key);
  else draft.change("without a date", place);
}

/** Returns whether a time is one that a date can have. */
function isDate(at: number): boolean {
  return Math.abs(at) <= LAST_DATE;
}

/** Adds a route; returns false where there can be none. */
function pushRoute(
  bucket: Bucket,
  { isTimed, draft, tools, from }: {
    readonly from: string;
    /** True if durations were logged. */
    readonly isTimed: boolean;
    readonly draft: Draft;
    readonly tools: FitTools;
  },
): boolean {
  const { method, template, statuses, durations, sizes, place } = bucket;
  const name = `${method} ${template}`;
  if (method === "OPTIONS") {
    draft.leave("preflights, which the server answers itself", place, name);
    return false;
  }
  const path = template.slice(1).split("/").map((segment) =>
    /^:\w+$/.test(segment) ? segment : literalSegment(segment)
  );
  if (path.includes(undefined)) {
    draft.leave("paths that routes cannot have", place, name);
    return false;
  }
  const { usual, faults, others, total } = statuses;
  if (usual === 404) {
    draft.leave("paths that were never found (404)", place, name);
    return false;
  }
  if (bucket.untimed > 0 && isTimed) {
    draft.change(
      `without a duration, of ${bucket.untimed} requests`,
      place,
      name,
    );
  }
  for (const [status] of others) {
    draft.change(
      "statuses below 400 beside the most frequent one",
      place,
      `${status} of ${name}`,
    );
  }
  const time = isTimed ? fittedTime(durations, tools, from) : undefined;
  const size = sizes.count === 0
    ? 0
    : sizes.values.sort()[Math.floor((sizes.values.length - 1) / 2)];
  const response = {
    ...usual !== 200 && { status: usual },
    ...size > 0 && usual < 300 && usual !== 204 && usual !== 205 &&
      method !== "HEAD" && { size },
  };
  draft.routes.push({
    method,
    path: `/${path.join("/")}`,
    ...time !== undefined && {
      serviceTime: time.value,
      timeNotes: time.notes,
    },
    settings: {
      ...Object.keys(response).length > 0 && { response },
      ...faults.length > 0 && { faults },
    },
    notes: [
      `${total === 1 ? "1 request" : `${total} requests`}, such as ${
        bucket.sample.slice(0, 120)
      }`,
    ],
    place,
  });
  return true;
}

/** Finds the format of each file. */
async function formattedFiles(
  paths: readonly string[],
  { logFormat, reader }: Pick<LogOptions, "logFormat" | "reader">,
): Promise<FormattedFile[]> {
  const files: FormattedFile[] = [];
  const issues: Issue[] = [];
  for (const path of paths) {
    const format = logFormat === undefined
      ? foundFormat(await reader.beginning(path))
      : logFormat === "json"
      ? jsonLines()
      : formatOf(logFormat) ?? {
        message: "the format has no request and no path",
        allowed: `${
          FORMAT_NAMES.join(", ")
        }, or a format string with $request (nginx), %r (Apache) or %REQ(:PATH)% (Envoy)`,
      };
    if (!("message" in format)) files.push({ path, format });
    else issues.push(...inFile(path, format.message, format.allowed).issues);
  }
  if (issues.length === 0) return files;
  throw new PerfmockError("IMPORT_INVALID", "Cannot import the log", issues);
}

/** Returns the first format in which most of the first lines are, or what is wrong. */
function foundFormat(
  beginning: string,
): LineFormat | { readonly message: string; readonly allowed: string } {
  const lines = beginning.split("\n").slice(0, LOOKED_AT)
    .map((line) => line.trimEnd()).filter((line) => line !== "");
  const formats = FOUND_FORMATS.flatMap((name) => formatOf(name) ?? []);
  if (lines.some((line) => line.endsWith("}"))) formats.unshift(jsonLines());
  const counted = formats.map((format) => {
    const entries = lines.map((line) => format.read(line));
    return {
      format,
      requests: entries.filter((entry) => !("reason" in entry)).length,
      own: entries.filter((entry) =>
        !("reason" in entry && entry.isForeign === true)
      ).length,
    };
  });
  const best = counted.reduce((a, b) =>
    (b.requests - a.requests || b.own - a.own) > 0 ? b : a
  );
  return best.own > 0 || lines.length === 0 ? best.format : {
    message: `no line is in a known format: the first begins with ${
      JSON.stringify(lines[0].slice(0, 40))
    }`,
    allowed: `--log-format with ${
      FORMAT_NAMES.join(", ")
    }, or the format string of the server`,
  };
}
