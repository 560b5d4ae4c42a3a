/**
 * A recording as a draft of a mock: routes by the templates of their paths, fitted times, recorded answers, shares of statuses.
 *
 * @module
 */
import { basename } from "node:path";
import { Arrivals, trafficOf } from "../logs/arrivals.ts";
import {
  bodyFrom,
  headersFrom,
  literal,
  responseFrom,
  TextBudget,
} from "../mocks/bodies.ts";
import { Draft } from "../mocks/draft.ts";
import { type DurationList, fittedTime, rounded } from "../mocks/durations.ts";
import { literalSegment } from "../mocks/paths.ts";
import { inFile, placeIn } from "../mocks/read_source.ts";
import { StatusCounts } from "../mocks/statuses.ts";
import type { Reader } from "../reading/reader.ts";
import type { FitTools } from "../statistics/fit.ts";
import type { AnswerLine } from "./format.ts";
import {
  nameOf,
  OTHER_QUERIES,
  type RecordedRoute,
  type RecordedRoutes,
  routesIn,
  type Variant,
} from "./routes.ts";
import { REMOVED } from "./secret_values.ts";

/** Greatest number of routes; the rarest are left out. */
const MOST_ROUTES = 500;

/** Least size of a body, in bytes, and least time for it, in ms, from which on its pace is that of a bandwidth. */
const PACED = { size: 32_768, time: 5 };

/** Least number of times of each kind that are compared. */
const LEAST_COMPARED = 20;

/** Statuses with which a cache answers that the client has the body already. */
const NOT_MODIFIED = 304;

/** Options of the importer of recordings. */
export interface RecordingOptions {
  readonly reader: Reader;
  readonly tools: FitTools;
}

interface Parts {
  readonly draft: Draft;
  readonly tools: FitTools;
  readonly from: string;
  readonly budget: TextBudget;
  readonly answers: ReadonlyMap<string, AnswerLine>;
}

/**
 * Makes a draft of recordings, of which several are one.
 *
 * @throws PerfmockError `IMPORT_INVALID` where a file is no recording, or has no exchange
 */
export async function draftOfRecording(
  files: readonly string[],
  { reader, tools }: RecordingOptions,
): Promise<Draft> {
  const draft = new Draft("recording of an upstream");
  const arrivals = new Arrivals();
  const budget = new TextBudget();
  const kept: RecordedRoute[] = [];
  const found = await routesIn(files, {
    reader,
    placeIn: (file, place) => placeIn(files, file, place),
    left: (reason, place, name) => draft.leave(reason, place, name),
    exchange: ({ at }, key) => arrivals.add(at, key),
  });
  for (const [index, recorded] of found.entries()) {
    const file = files[index];
    if (recorded.exchanges === 0) {
      throw inFile(
        file,
        "it has no exchange of which a route could be made",
        "a recording with requests",
      );
    }
    tellStops(recorded, file, { draft, files });
    const parts: Parts = {
      draft,
      tools,
      from: basename(file),
      budget,
      answers: recorded.answers,
    };
    const ordered = recorded.routes.toSorted((a, b) =>
      b.statuses.total - a.statuses.total
    );
    for (const route of ordered.slice(MOST_ROUTES)) {
      draft.leave(
        `routes beyond the ${MOST_ROUTES} most frequent ones`,
        route.place,
        nameOf(route),
      );
    }
    for (const route of ordered.slice(0, MOST_ROUTES)) {
      if (pushRoutes(route, parts)) kept.push(route);
    }
  }
  const upstreams = [...new Set(found.flatMap((one) => one.upstreams))];
  draft.notes.push(
    `Service times are those of ${
      upstreams.join(", ")
    }, from the end of a request to the first byte of the answer.`,
    kept.some(({ mostInFlight }) => mostInFlight > 0)
      ? "They contain the time for which requests waited in the upstream: in front of a pool it would count twice (docs/fit.md)."
      : "No request arrived while another one was under way: they contain waits in the upstream's queues only as far as other clients caused them.",
  );
  draft.scenarios.push(
    ...trafficOf(arrivals, kept.map(sentRoute), {
      files: files.map((path) => ({ path, from: Infinity })),
      replays: false,
      reader,
      draft,
    }),
  );
  return draft;
}

/** The first target of a route, with its operation in the template as the arrivals count it. */
function sentRoute(
  { method, operation, sample, template }: RecordedRoute,
): { method: string; template: string; sample: string } {
  const name = nameOf({ method, operation, template });
  return { method, template: name.slice(method.length + 1), sample };
}

/** Tells which secrets were removed, and which exchanges are not in the recording. */
function tellStops(
  { stops, exchanges }: RecordedRoutes,
  file: string,
  { draft, files }: {
    readonly draft: Draft;
    readonly files: readonly string[];
  },
): void {
  const removed = new Map<string, number>();
  const left = new Set<string>();
  for (const stop of stops) {
    for (const { where, name, count } of stop.removed) {
      const key = `${name} (${where})`;
      removed.set(key, (removed.get(key) ?? 0) + count);
    }
    for (const line of stop.leftOut) left.add(line);
  }
  const prefix = files.length === 1 ? "" : `${basename(file)}: `;
  const ordered = [...removed].sort(([, a], [, b]) => b - a);
  draft.notes.push(
    `${prefix}${exchanges} exchanges. ${
      ordered.length === 0
        ? "No secrets were removed."
        : `Secrets were removed: ${
          ordered.slice(0, 20).map(([name, count]) => `${count} × ${name}`)
            .join(", ")
        }${ordered.length > 20 ? " and others" : ""}.`
    } Look through the rest before you share it.`,
    ...left.size === 0
      ? []
      : [`${prefix}Not recorded: ${[...left].join("; ")}.`],
  );
}

/** Adds the routes of one template; returns false where there can be none. */
function pushRoutes(route: RecordedRoute, parts: Parts): boolean {
  const { draft, tools, from } = parts;
  const { method, template, place } = route;
  const path = template.slice(1).split("/").map((segment) =>
    /^:\w+$/.test(segment) ? segment : literalSegment(segment)
  );
  if (path.includes(undefined)) {
    draft.leave("paths that routes cannot have", place, nameOf(route));
    return false;
  }
  if (route.differing > 0) {
    draft.change(
      "requests that were answered in several ways, of which the first is given",
      place,
      nameOf(route),
    );
  }
  // Times of errors alone are better than none.
  const times = route.waits.count > 0 ? route.waits : route.failedWaits;
  const time = fittedTime(times, tools, from);
  const variants = variantsOf(route, parts);
  const notes = [
    `${route.statuses.total} ${
      route.statuses.total === 1 ? "request" : "requests"
    }, such as ${route.sample.slice(0, 120)}`,
    ...route.template.includes("/:")
      ? ["The first answer stands for those of all paths."]
      : [],
    ...concurrencyOf(route),
    ...failuresOf(route),
  ];
  const profile = variants.length > 1 && typeof time.value === "object"
    ? profileName(route, draft)
    : undefined;
  if (profile !== undefined) {
    draft.profiles.set(profile, { value: time.value, notes: [...time.notes] });
  }
  const paced = paceOf(route, parts);
  for (const [index, { when, statuses }] of variants.entries()) {
    draft.routes.push({
      method,
      path: `/${path.join("/")}`,
      ...when !== undefined && { when },
      ...profile === undefined
        ? { serviceTime: time.value, timeNotes: time.notes }
        : { serviceTime: profile },
      settings: settingsOf(route, statuses, { parts, paced }),
      ...index === 0 && { notes },
      place,
    });
  }
  return true;
}

/** Answers to one query, or to all. */
interface Answered {
  readonly when?: Readonly<Record<string, unknown>> | undefined;
  readonly statuses: ReadonlyMap<number, Variant>;
}

/** Queries become conditions if they are answered differently, and are not too many: those would be ids, texts or times. */
function variantsOf(
  route: RecordedRoute,
  { draft, answers }: Parts,
): Answered[] {
  const { operation, variants } = route;
  const all = joined(variants.values());
  if (operation !== undefined) {
    return [{
      when: { graphql: operation === "" ? {} : { operation } },
      statuses: all,
    }];
  }
  const bodies = new Set(
    [...variants.values()].flatMap((statuses) =>
      [...statuses].map(([status, { answer }]) => {
        const { text, size } = answers.get(`${answer}`) ?? {};
        return JSON.stringify([status, text ?? size]);
      })
    ),
  );
  const isTemplate = route.template.includes("/:");
  if (isTemplate || variants.size < 2 || bodies.size <= all.size) {
    return [{ statuses: all }];
  }
  if (variants.has(OTHER_QUERIES)) {
    draft.change(
      "queries of a path that are too many for conditions, of which the first answer stands for all",
      route.place,
      nameOf(route),
    );
    return [{ statuses: all }];
  }
  const told = [...variants].filter(([search]) => search !== "").map((
    [search, statuses],
  ) => ({
    when: { query: Object.fromEntries(new URLSearchParams(search)) },
    statuses,
  }));
  const [[, first]] = variants;
  return [...told, { statuses: variants.get("") ?? first }];
}

/** Exchanges of all queries by status. */
function joined(
  variants: Iterable<ReadonlyMap<number, Variant>>,
): Map<number, Variant> {
  const all = new Map<number, Variant>();
  for (const statuses of variants) {
    for (const [status, { answer, count }] of statuses) {
      const known = all.get(status);
      all.set(status, {
        answer: known?.answer ?? answer,
        count: count + (known?.count ?? 0),
      });
    }
  }
  return all;
}

/** Response, faults and pace of a route. */
function settingsOf(
  route: RecordedRoute,
  statuses: ReadonlyMap<number, Variant>,
  { parts, paced }: {
    readonly parts: Parts;
    readonly paced: Readonly<Record<string, unknown>> | undefined;
  },
): Record<string, unknown> {
  const counts = new StatusCounts();
  for (const [status, { count }] of statuses) counts.add(status, count);
  // A client without a cache gets the body.
  const usual = counts.usual === NOT_MODIFIED && statuses.size > 1
    ? [...statuses.keys()].find((one) => one < 300) ?? NOT_MODIFIED
    : counts.usual;
  const response = responseOf(route, usual, { statuses, parts });
  const faults = [...statuses]
    .filter(([status]) => status !== usual && status !== NOT_MODIFIED)
    .sort(([a], [b]) => a - b)
    .map(([status, { count }]) => ({
      share: Math.floor(count / counts.total * 1e6) / 1e6,
      status,
      ...faultBody(
        responseOf(route, status, { statuses, parts, isFault: true }),
      ),
    }))
    .filter(({ share }) => share > 0);
  if (statuses.has(NOT_MODIFIED) && usual !== NOT_MODIFIED) {
    parts.draft.change(
      "answers 304, in whose place the body is sent",
      route.place,
      nameOf(route),
    );
  }
  return {
    ...Object.keys(response).length > 0 && { response },
    ...paced !== undefined && { wire: paced },
    ...faults.length > 0 && { faults },
  };
}

/** Headers and body of an answer as those of a fault, which has no body of random bytes, and a body of its own by default. */
function faultBody(
  { headers, json, text }: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return {
    ...headers !== undefined && { headers },
    ...json === undefined ? { text: text ?? "" } : { json },
  };
}

/** @param isFault true for an answer without placeholders, which is written as it is */
function responseOf(
  route: RecordedRoute,
  status: number,
  { statuses, parts, isFault = false }: {
    readonly statuses: ReadonlyMap<number, Variant>;
    readonly parts: Parts;
    readonly isFault?: boolean;
  },
): Record<string, unknown> {
  const { draft, budget, answers } = parts;
  const number = statuses.get(status)?.answer;
  const answer = number === undefined ? undefined : answers.get(`${number}`);
  if (answer === undefined) {
    const size = medianOf(route.sizes);
    if (size > 0) {
      draft.change(
        "bodies that were not recorded, of the same size without their content",
        route.place,
        nameOf(route),
      );
    }
    return {
      ...status !== 200 && { status },
      ...size > 0 && status < 300 && route.method !== "HEAD" && { size },
    };
  }
  const type =
    answer.headers.find(([name]) => name.toLowerCase() === "content-type")
      ?.[1] ?? "";
  const kept = headersFrom(
    answer.headers.map(([name, value]) => [
      name,
      isFault
        ? value
        : name.toLowerCase() === "set-cookie"
        ? madeCookie(value)
        : written(value),
    ]),
    true,
  );
  for (const name of kept.left) {
    draft.leave("headers that a mock cannot send", route.place, name);
  }
  const { settings, changed } = bodyFrom(
    {
      // A text is sent in UTF-8, whatever it was recorded in.
      type: type.replace(/(;\s*charset=)"?[\w-]+"?/i, "$1utf-8"),
      text: route.method === "HEAD" ? "" : answer.text,
      size: route.method === "HEAD" ? 0 : answer.size,
      authored: isFault,
    },
    status,
    budget,
  );
  if (changed !== undefined) draft.change(changed, route.place, nameOf(route));
  const response = responseFrom(status, kept.headers, settings);
  const hasBody = ["json", "text", "size"].some((key) => key in response);
  return {
    ...response,
    ...answer.coding !== undefined && hasBody &&
      !/event-stream/i.test(type) && { compress: [answer.coding] },
  };
}

/** A value of a header means itself. */
function written(value: string): string {
  return `${literal(value)}`;
}

/** A cookie whose value was removed gets one that is different for each client. */
function madeCookie(value: string): string {
  const text = written(value);
  return text.replace(
    new RegExp(`^([^=;]*)=${REMOVED}(?=;|$)`),
    "$1={{uuid}}",
  );
}

/** Pace of the bodies: that of the pieces of a stream, or a bandwidth; undefined if they come at once. */
function paceOf(
  route: RecordedRoute,
  { tools, from }: Parts,
): Record<string, unknown> | undefined {
  const size = medianOf(route.sizes);
  const time = medianOf(route.receives);
  const isStream = route.gaps.count > 0 && size > 0 &&
    route.pieces.count > route.waits.count / 2;
  if (isStream && size < PACED.size) {
    const pieces = Math.max(1, medianOf(route.pieces));
    return {
      gap: fittedTime(route.gaps, tools, from).value,
      chunk: Math.max(1, Math.ceil(size / pieces)),
    };
  }
  if (size < PACED.size || time < PACED.time) return undefined;
  return { bandwidth: `${Math.round(size / time * 1000 / 1024)}KiB/s` };
}

/** Sentences about requests under way at the same time. */
function concurrencyOf(
  { mostInFlight, alone, together }: RecordedRoute,
): string[] {
  if (mostInFlight === 0) return [];
  const compared =
    alone.count >= LEAST_COMPARED && together.count >= LEAST_COMPARED
      ? `: half of those that came alone took ${
        inMs(medianOf(alone))
      } at most, of the others ${inMs(medianOf(together))}`
      : "";
  return [
    `Requests arrived while up to ${mostInFlight} others were under way${compared}. Times may contain waits in the upstream's queues.`,
  ];
}

/** Sentence about the times of errors, which a mock answers after the service time. */
function failuresOf({ waits, failedWaits }: RecordedRoute): string[] {
  if (waits.count === 0) return ["All requests failed: the times are theirs."];
  if (failedWaits.count < LEAST_COMPARED) return [];
  const [failed, served] = [medianOf(failedWaits), medianOf(waits)];
  return failed > 2 * served || served > 2 * failed
    ? [
      `Errors took another time: half of them ${
        inMs(failed)
      } at most, of the others ${
        inMs(served)
      }. The mock answers both after the service time.`,
    ]
    : [];
}

function inMs(value: number): string {
  return `${rounded(Number(value.toPrecision(3)))} ms`;
}

/** Lower median; 0 for none. */
function medianOf(list: DurationList): number {
  const values = list.values.sort();
  return values.length === 0 ? 0 : values[Math.floor((values.length - 1) / 2)];
}

function profileName(route: RecordedRoute, draft: Draft): string {
  const base = nameOf(route).split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "").join("-").toLowerCase();
  let name = base;
  for (let number = 2; draft.profiles.has(name); number++) {
    name = `${base}-${number}`;
  }
  return name;
}
