/**
 * HAR, the recording of a browser or a proxy: a route for each path, query and GraphQL operation, with the times until the first byte
 * as they were measured.
 *
 * @see http://www.softwareishard.com/blog/har-12-spec/
 * @module
 */
import {
  type HarEntry,
  ofHosts,
  OTHER_HOST,
  PageHosts,
  pathOf,
  sentRequest,
  textOf,
} from "../../../core/plugin.ts";
import { basename } from "node:path";
import { isReplayed, NOT_REPLAYED } from "../logs/arrivals.ts";
import { templateByForm } from "../logs/templates.ts";
import {
  bodyFrom,
  type FoundBody,
  headersFrom,
  isText,
  LONGEST_TEXT,
  responseFrom,
  TextBudget,
} from "./bodies.ts";
import { Draft, type DraftRoute } from "./draft.ts";
import { DurationList, measuredTime } from "./durations.ts";
import type { FitTools } from "../statistics/fit.ts";
import { operationOf } from "./graphql.ts";
import { literalSegment } from "./paths.ts";
import type { Reader } from "../reading/reader.ts";
import { inFile, placeIn } from "./read_source.ts";
import { isStatus, StatusCounts } from "./statuses.ts";

/** Greatest number of queries of one path that become routes of their own. */
const MOST_QUERIES = 50;

/** Greatest number of paths of one template that become routes of their own. */
const MOST_PATHS = 20;

/** Options of the importer of HARs. */
export interface HarOptions {
  /** Hosts whose requests are taken; `*` for all. Default: those of the pages. */
  readonly hosts?: readonly string[] | undefined;
  /** Reads the files. */
  readonly reader: Reader;
  /** Tools that distributions are fitted with. */
  readonly tools: FitTools;
}

/** One answer of a group. */
interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: FoundBody;
  readonly place: string;
}

/** Requests that become one route: of one method, path, query and operation. */
interface Variant {
  readonly search: string;
  /** Answer that is given: the first one with the best status. */
  answer: Answer;
  readonly statuses: StatusCounts;
}

/** Requests of one method, path and operation. */
interface Group {
  readonly method: string;
  readonly pathname: string;
  readonly operation: string | undefined;
  readonly variants: Map<string, Variant>;
  readonly waits: DurationList;
  readonly place: string;
}

/**
 * Makes a draft of a HAR.
 *
 * @throws FileError where a file is no HAR
 */
export async function draftOfHar(
  files: readonly string[],
  { hosts, reader, tools }: HarOptions,
): Promise<Draft> {
  const draft = new Draft("HAR");
  const isHost = hosts === undefined
    ? await hostsOf(files, reader)
    : ofHosts(hosts);
  const groups = new Map<string, Group>();
  for (const file of files) {
    let index = -1;
    for await (const entry of entriesOf(file, reader)) {
      index++;
      const place = placeIn(files, file, `/log/entries/${index}`);
      const sent = sentRequest(entry, isHost);
      if ("reason" in sent) draft.left.add(sent, place);
      else addTo(groups, entry, { ...sent, place, draft });
    }
    if (index < 0) {
      throw inFile(file, "it has no log.entries", "a HAR with entries");
    }
  }
  if (draft.left.has(OTHER_HOST)) {
    draft.notes.push(
      "--host can name the hosts whose requests are taken, or *.",
    );
  }
  routesOf([...groups.values()], draft, tools);
  if (draft.routes.length > 0) addReplays(files, hosts, { reader, draft });
  return draft;
}

/** Adds the scenarios that send the recorded requests again. */
function addReplays(
  files: readonly string[],
  hosts: readonly string[] | undefined,
  { reader, draft }: { readonly reader: Reader; readonly draft: Draft },
): void {
  for (const [index, file] of files.entries()) {
    if (!isReplayed(file, reader)) {
      draft.notes.push(
        `${basename(file)} is not replayed: ${NOT_REPLAYED}.`,
      );
      continue;
    }
    draft.scenarios.push({
      name: files.length === 1 ? "recorded" : `recorded-${index + 1}`,
      settings: {
        executor: "replay",
        trace: { file, format: "har", ...hosts !== undefined && { hosts } },
      },
      notes: [`Each request of ${basename(file)}, at its own time.`],
    });
  }
}

async function* entriesOf(
  file: string,
  reader: Reader,
): AsyncGenerator<HarEntry> {
  for await (const value of reader.json(file, "$.log.entries.*")) {
    yield typeof value === "object" && value !== null ? value : {};
  }
}

async function hostsOf(
  files: readonly string[],
  reader: Reader,
): Promise<(url: URL) => boolean> {
  const pages = new PageHosts();
  for (const file of files) {
    for await (const entry of entriesOf(file, reader)) pages.add(entry);
  }
  return pages.isHost;
}

function addTo(
  groups: Map<string, Group>,
  entry: HarEntry,
  { method, written, url, place, draft }: {
    readonly method: string;
    readonly written: string;
    readonly url: URL;
    readonly place: string;
    readonly draft: Draft;
  },
): void {
  const status = Number(entry.response?.status);
  if (method === "OPTIONS") {
    draft.leave("a preflight, which is answered by the server itself", place);
    return;
  }
  if (!isStatus(status)) {
    draft.leave("no answer", place);
    return;
  }
  const [pathname, query] = (pathOf(written) ?? url.pathname).split("?", 2);
  if (/\/{2}/.test(pathname)) {
    draft.leave("a path with an empty segment", place);
    return;
  }
  const post = Object(entry.request?.postData) as Record<string, unknown>;
  const operation = operationOf(url, textOf(post.text), textOf(post.mimeType));
  if (operation?.batch === true) {
    draft.leave("a batch of GraphQL operations", place, operation.name);
    return;
  }
  const key = JSON.stringify([method, pathname, operation?.name ?? null]);
  let group = groups.get(key);
  if (group === undefined) {
    group = {
      method,
      pathname,
      operation: operation?.name,
      variants: new Map(),
      waits: new DurationList(),
      place,
    };
    groups.set(key, group);
  }
  const wait = entry.timings?.wait;
  if (typeof wait === "number" && wait >= 0 && wait < Infinity) {
    group.waits.add(wait);
  } else draft.change("without a time until the first byte (wait)", place);
  const answer = answerOf(entry, status, place);
  // A GraphQL operation has its variables in the query of a GET.
  const search = operation === undefined ? sorted(query ?? "") : "";
  const variant = group.variants.get(search);
  if (variant === undefined) {
    if (group.variants.size === MOST_QUERIES) {
      draft.leave(
        `queries beyond the first ${MOST_QUERIES} of a path`,
        place,
        `${method} ${pathname}`,
      );
      return;
    }
    const statuses = new StatusCounts();
    statuses.add(status);
    group.variants.set(search, { search, answer, statuses });
    return;
  }
  variant.statuses.add(status);
  if (isBetter(answer, variant.answer)) variant.answer = answer;
  else if (
    status === variant.answer.status &&
    answer.body.text !== variant.answer.body.text
  ) {
    draft.change(
      "requests that were answered in several ways, of which the first is given",
      place,
      `${method} ${pathname}${
        operation === undefined ? "" : ` ${operation.name}`
      }`,
    );
  }
}

/** A status below 400 is better than an error, and a body better than the 304 that refers to it. */
function isBetter(a: Answer, b: Answer): boolean {
  const order = ({ status }: Answer) =>
    status >= 400 ? 2 : status === 304 ? 1 : 0;
  return order(a) < order(b);
}

/** Returns a query with its parameters in the order of their names. */
function sorted(query: string): string {
  return query.split("&").filter((part) => part !== "").sort().join("&");
}

function answerOf(
  { response = {} }: HarEntry,
  status: number,
  place: string,
): Answer {
  const { headers } = response;
  const content = response.content ?? {};
  const type = textOf(content.mimeType) === "x-unknown"
    ? ""
    : textOf(content.mimeType);
  const size = Math.max(0, Number(content.size) || 0);
  const pairs = Array.isArray(headers)
    ? headers.flatMap(
      (header: { name?: unknown; value?: unknown } | null) =>
        typeof header?.name === "string"
          ? [[header.name, textOf(header.value)] as const]
          : [],
    )
    : [];
  return {
    status,
    headers: pairs,
    body: {
      type:
        pairs.find(([name]) => name.toLowerCase() === "content-type")?.[1] ??
          type,
      text: contentText(content, type),
      size,
    },
    place,
  };
}

/** Returns the text of a body; undefined if it is bytes, was not recorded, or is too long to be written. */
function contentText(
  { text, encoding, size }: {
    text?: unknown;
    encoding?: unknown;
    size?: unknown;
  },
  type: string,
): string | undefined {
  if (typeof text !== "string") return Number(size) > 0 ? undefined : "";
  if (text.length > 2 * LONGEST_TEXT) return undefined;
  if (encoding !== "base64") return text;
  if (!isText(type)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function routesOf(
  groups: readonly Group[],
  draft: Draft,
  tools: FitTools,
): void {
  const budget = new TextBudget();
  const templates = Map.groupBy(
    groups,
    ({ method, pathname, operation }) =>
      JSON.stringify([method, templateByForm(pathname), operation ?? null]),
  );
  for (const same of templates.values()) {
    const [first] = same;
    const template = templateByForm(first.pathname);
    const shared = new DurationList();
    for (const { waits } of same) shared.addAll(waits);
    const time = measuredTime(shared, tools);
    // Paths that differ in ids alone are one operation of the backend: their times belong together.
    const profile = same.length > 1 && time.value !== undefined
      ? profileName(first.method, template, draft)
      : undefined;
    if (profile !== undefined) {
      draft.profiles.set(profile, {
        value: time.value,
        notes: [...time.notes],
      });
    }
    const timed = profile === undefined
      ? { serviceTime: time.value, timeNotes: time.notes }
      : { serviceTime: profile };
    if (same.length > MOST_PATHS) {
      draft.change(
        "paths that differ in ids alone, of which the first answers for all",
        first.place,
        `${first.method} ${template}`,
      );
      pushRoutes(oneOf(same, template), timed, { draft, budget });
      continue;
    }
    for (const group of same) pushRoutes(group, timed, { draft, budget });
  }
}

/** Joins the requests of one template: the first answer with each query stands for all, and all statuses count. */
function oneOf(same: readonly Group[], template: string): Group {
  const variants = new Map<string, Variant>();
  for (const group of same) {
    for (const [search, { answer, statuses }] of group.variants) {
      let known = variants.get(search);
      if (known === undefined) {
        if (variants.size === MOST_QUERIES) continue;
        known = { search, answer, statuses: new StatusCounts() };
        variants.set(search, known);
      }
      known.statuses.addAll(statuses);
      if (isBetter(answer, known.answer)) known.answer = answer;
    }
  }
  return { ...same[0], pathname: template, variants };
}

function profileName(method: string, template: string, draft: Draft): string {
  const base = [method, ...template.split(/[^A-Za-z0-9]+/)]
    .filter((word) => word !== "").join("-").toLowerCase();
  let name = base;
  for (let number = 2; draft.profiles.has(name); number++) {
    name = `${base}-${number}`;
  }
  return name;
}

function pushRoutes(
  group: Group,
  timed: Pick<DraftRoute, "serviceTime" | "timeNotes">,
  { draft, budget }: { readonly draft: Draft; readonly budget: TextBudget },
): void {
  const path = literalPath(group.pathname);
  if (path === undefined) {
    draft.leave("a path that routes cannot have", group.place, group.pathname);
    return;
  }
  const graphql = group.operation === undefined
    ? undefined
    : { graphql: group.operation === "" ? {} : { operation: group.operation } };
  const variants = [...group.variants.values()];
  if (variants.length > 1 && !group.variants.has("")) {
    // A client may add a time or a random number: any other query gets the first answer.
    variants.push({ ...variants[0], search: "" });
  }
  for (const { search, answer, statuses } of variants) {
    // One query alone stands for all: a client may add a time or a random number.
    const query = variants.length > 1 ? queryOf(search) : undefined;
    const when = graphql ?? (query === undefined ? undefined : { query });
    draft.routes.push({
      method: group.method,
      path,
      ...when !== undefined && { when },
      ...timed,
      settings: settingsOf(answer, statuses, { draft, budget }),
      place: answer.place,
    });
  }
}

/** Conditions on a query; of one without parameters, none: it comes last. */
function queryOf(search: string): Record<string, string> | undefined {
  const parameters = [...new URLSearchParams(search)];
  return parameters.length === 0 ? undefined : Object.fromEntries(parameters);
}

function settingsOf(
  { status, headers, body, place }: Answer,
  statuses: StatusCounts,
  { draft, budget }: { readonly draft: Draft; readonly budget: TextBudget },
): Record<string, unknown> {
  const kept = headersFrom(
    headers.map(([name, value]) =>
      name.toLowerCase() === "location"
        ? [name, relative(value)] as const
        : [name, value] as const
    ),
  );
  for (const name of kept.left) {
    draft.leave("headers of answers, which may hold secrets", place, name);
  }
  const { settings, changed } = bodyFrom(body, status, budget);
  if (changed !== undefined) draft.change(changed, place);
  const response = responseFrom(status, kept.headers, settings);
  const { faults } = statuses;
  return {
    ...Object.keys(response).length > 0 && { response },
    ...faults.length > 0 && { faults },
  };
}

/** Path of a redirect: it leads to the mock, not to the recorded site. */
function relative(location: string): string {
  return pathOf(location) ?? location;
}

/** Path as a route; undefined where it has a part that means something else in a route. */
function literalPath(pathname: string): string | undefined {
  const segments = pathname.slice(1).split("/").map((segment) =>
    /^:\w+$/.test(segment) ? segment : literalSegment(segment)
  );
  return segments.includes(undefined) ? undefined : `/${segments.join("/")}`;
}
