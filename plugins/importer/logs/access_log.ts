/**
 * Access logs: routes by the templates of their paths, with the durations, statuses and sizes that were logged, and the arrivals as a
 * load script.
 *
 * @module
 */
import { basename } from "node:path";
import { Draft } from "../mocks/draft.ts";
import { DurationList, fittedTime } from "../mocks/durations.ts";
import { literalSegment } from "../mocks/paths.ts";
import {
  beginningOf,
  inFile,
  type OnRead,
  placeIn,
  textLines,
} from "../mocks/read_source.ts";
import { isStatus, StatusCounts } from "../mocks/statuses.ts";
import type { FitTools } from "../statistics/fit.ts";
import { Arrivals, trafficOf } from "./arrivals.ts";
import { jsonLines } from "./json_lines.ts";
import {
  FORMAT_NAMES,
  formatOf,
  type LineFormat,
  type LogEntry,
} from "./line_formats.ts";
import { PathTree } from "./templates.ts";

/** Greatest number of routes; the rarest are left out. */
const MOST_ROUTES = 500;

/** Number of lines from which the format is found. */
const LOOKED_AT = 50;

/** Options of the importer of access logs. */
export interface LogOptions {
  /** Format string of the server, or one of its names; undefined to find it. */
  readonly logFormat?: string | undefined;
  /** Receives the progress. */
  readonly onRead: OnRead;
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

/**
 * Makes a draft of a log.
 *
 * @throws FileError where no line holds a request, or the format has none
 */
export function draftOfLog(
  files: readonly string[],
  { logFormat, onRead, tools }: LogOptions,
): Draft {
  const format = chosenFormat(files[0], logFormat);
  const draft = new Draft(`access log in ${format.name}`);
  const tree = new PathTree();
  for (const file of files) {
    for (const line of textLines(file, onRead)) {
      const entry = line.trim() === "" ? undefined : format.read(line);
      if (entry !== undefined && !("reason" in entry)) {
        tree.add(pathnameOf(entry));
      }
    }
  }
  tree.settle();
  const buckets = new Map<string, Bucket>();
  const arrivals = new Arrivals();
  for (const file of files) {
    let number = 0;
    for (const line of textLines(file, onRead)) {
      number++;
      if (line.trim() === "") continue;
      const entry = format.read(line);
      const place = placeIn(files, file, `line ${number}`);
      if ("reason" in entry) draft.left.add(entry, place);
      else addEntry(entry, { place, tree, buckets, arrivals, draft });
    }
  }
  if (buckets.size === 0) {
    throw inFile(
      files[0],
      draft.left.count === 0
        ? "it is empty"
        : `no line holds a request: ${draft.left}`,
      `lines in the format of --log-format: ${
        FORMAT_NAMES.join(", ")
      }, or the format string of the server`,
    );
  }
  draft.notes.push(
    format.durations === undefined
      ? "The log has no durations: routes answer at once. Log $request_time (nginx), %D (Apache) or %DURATION% (Envoy), and name the format by --log-format."
      : `Service times are ${format.durations}.`,
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
  const from = basename(files[0]);
  const kept = routes.slice(0, MOST_ROUTES).filter((bucket) =>
    pushRoute(bucket, { format, draft, tools, from })
  );
  draft.scenarios.push(
    ...trafficOf(arrivals, kept, { files, replays: format.replays, draft }),
  );
  return draft;
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
  if (Number.isNaN(at)) draft.change("without a date", place);
  else arrivals.add(at, key);
}

/** Adds a route; returns false where there can be none. */
function pushRoute(
  bucket: Bucket,
  { format, draft, tools, from }: {
    readonly from: string;
    readonly format: LineFormat;
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
  if (bucket.untimed > 0 && format.durations !== undefined) {
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
  const time = format.durations === undefined
    ? undefined
    : fittedTime(durations, tools, from);
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
    notes: [`${total} requests, such as ${bucket.sample.slice(0, 120)}`],
    place,
  });
  return true;
}

/** Format that a user named, or the first one in which most of the first lines are. */
function chosenFormat(file: string, named: string | undefined): LineFormat {
  if (named !== undefined) {
    const format = named === "json" ? jsonLines() : formatOf(named);
    if (format === undefined) {
      throw inFile(
        file,
        "the format has no request and no path",
        `${
          FORMAT_NAMES.join(", ")
        }, or a format string with $request (nginx), %r (Apache) or %REQ(:PATH)% (Envoy)`,
      );
    }
    return format;
  }
  const lines = beginningOf(file).split("\n").slice(0, LOOKED_AT)
    .filter((line) => line.trim() !== "");
  const formats = ["combined", "common", "envoy", "haproxy"].flatMap((name) =>
    formatOf(name) ?? []
  );
  if (lines.some((line) => line.startsWith("{"))) formats.unshift(jsonLines());
  const counted = formats.map((format) => ({
    format,
    read: lines.filter((line) => !("reason" in format.read(line))).length,
  }));
  const best = counted.reduce((a, b) => b.read > a.read ? b : a);
  if (best.read === 0 && lines.length > 0) {
    throw inFile(
      file,
      `no line is in a known format: the first begins with ${
        JSON.stringify(lines[0].slice(0, 40))
      }`,
      `--log-format with ${
        FORMAT_NAMES.join(", ")
      }, or the format string of the server`,
    );
  }
  return best.format;
}
