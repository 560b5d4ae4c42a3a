/**
 * Imports files: finds their kinds, makes a draft of each, joins them, and writes the mock and the load script.
 *
 * @module
 */
import { basename, dirname, relative, resolve } from "node:path";
import { parse } from "yaml";
import { FileError, type Issue, PerfmockError } from "../../../core/plugin.ts";
import type {
  Imported,
  ImportOptions,
  ImportReport,
} from "../../../core/import.ts";
import { draftOfIncident } from "../incident/incident.ts";
import { draftOfLog } from "../logs/access_log.ts";
import { mockYaml, scriptYaml } from "../output/yaml.ts";
import { draftOfRecording } from "../recording/draft_of_recording.ts";
import type { FitTools } from "../statistics/fit.ts";
import { LONGEST_TEXT } from "./bodies.ts";
import { combined } from "./combine.ts";
import type { Draft, DraftRoute, DraftScenario } from "./draft.ts";
import { draftOfHar } from "./har.ts";
import { draftOfHoverfly } from "./hoverfly.ts";
import { type Kind, kindOf, KINDS } from "./kinds.ts";
import { draftOfMockoon } from "./mockoon.ts";
import { draftOfMockServer } from "./mockserver.ts";
import { draftOfOpenApi } from "./openapi.ts";
import { openApiDocument } from "./openapi_document.ts";
import { arranged } from "./paths.ts";
import { Reader } from "../reading/reader.ts";
import { inFile, jsonFilesIn, sizeBeside, textBeside } from "./read_source.ts";
import { isRecord, type Json } from "./resolver.ts";
import { type BodyFile, draftOfWireMock, type PlacedStub } from "./wiremock.ts";

/** Order in which drafts are joined: what has no times comes first, and takes those of the others. */
const ORDER: readonly Kind[] = [
  "openapi",
  "wiremock",
  "mockoon",
  "mockserver",
  "hoverfly",
  "har",
  "access-log",
  "recording",
  "prometheus",
];

/**
 * Imports files.
 *
 * @throws PerfmockError `IMPORT_INVALID` with all errors
 */
export async function importFiles(
  paths: readonly string[],
  options: ImportOptions,
  tools: FitTools,
): Promise<Imported> {
  const reader = new Reader(options);
  const files = onceEach(paths.flatMap((path) => jsonFilesIn(path) ?? [path]));
  if (files.length === 0) {
    throw inFile(
      paths[0],
      "the folder has no files that end with .json",
      "files",
    );
  }
  const byKind = new Map<Kind, string[]>();
  const issues: Issue[] = [];
  for (const file of files) {
    try {
      const kind = await kindFor(file, { named: options.format, reader });
      const list = byKind.get(kind);
      if (list === undefined) byKind.set(kind, [file]);
      else list.push(file);
    } catch (error) {
      issues.push(...issuesOf(error, file));
    }
  }
  const drafts: Draft[] = [];
  for (const kind of ORDER) {
    const ofKind = byKind.get(kind);
    if (ofKind === undefined) continue;
    try {
      drafts.push(...await draftsOf(kind, ofKind, { options, reader, tools }));
    } catch (error) {
      issues.push(...issuesOf(error, ofKind[0]));
    }
  }
  if (issues.length > 0) {
    throw new PerfmockError(
      "IMPORT_INVALID",
      `Cannot import: ${issues.length} ${
        issues.length === 1 ? "error" : "errors"
      }`,
      issues,
    );
  }
  const draft = combined(drafts);
  draft.notes.push(...reader.notes);
  if (draft.routes.length === 0) {
    throw new PerfmockError(
      "IMPORT_INVALID",
      "Cannot import: no route can be made",
      (draft.left.count === 0 ? ["The files have no requests"] : [
        ...draft.left.lines.map((line) => `Left out: ${line}`),
        ...draft.notes,
      ]).map((message) => ({ path: "", message })),
    );
  }
  const result = new ImportedMock(draft, files);
  if (options.strict === true && draft.left.count > 0) {
    throw new PerfmockError(
      "IMPORT_INVALID",
      "Cannot import all, as --strict demands",
      draft.left.lines.map((message) => ({ path: "", message })),
    );
  }
  return result;
}

/** Returns paths without those of a file that is named before: its requests would count twice. */
function onceEach(paths: readonly string[]): string[] {
  return [...new Map(paths.map((path) => [resolve(path), path])).values()];
}

/** Issues of an error that concerns a file. */
function issuesOf(error: unknown, file: string): readonly Issue[] {
  if (error instanceof PerfmockError) {
    return error.issues.length === 0
      ? [{ path: "", message: error.message }]
      : error.issues;
  }
  if (!(error instanceof FileError)) throw error;
  return [{
    path: "",
    message: `Cannot read ${file}: ${error.message}`,
    allowed: error.allowed,
  }];
}

async function kindFor(
  file: string,
  { named, reader }: {
    readonly named: string | undefined;
    readonly reader: Reader;
  },
): Promise<Kind> {
  const known = KINDS.find((kind) => kind === named);
  if (known !== undefined) return known;
  if (named !== undefined) {
    throw inFile(file, `there is no format ${named}`, KINDS.join(", "));
  }
  const beginning = await reader.beginning(file);
  if (beginning.trim() === "") {
    throw inFile(file, "it is empty", "a file of one of the formats");
  }
  const kind = kindOf(beginning, file);
  if (kind !== undefined) return kind;
  throw inFile(
    file,
    "its content shows no format that can be imported",
    `${
      KINDS.join(", ")
    }; --format names one. Measured durations are read by fit`,
  );
}

interface Tools {
  readonly options: ImportOptions;
  readonly reader: Reader;
  readonly tools: FitTools;
}

async function draftsOf(
  kind: Kind,
  files: readonly string[],
  { options, reader, tools }: Tools,
): Promise<Draft[]> {
  const { hosts, logFormat, routeLabel } = options;
  switch (kind) {
    case "har":
      return [await draftOfHar(files, { hosts, reader, tools })];
    case "access-log":
      return [await draftOfLog(files, { logFormat, reader, tools })];
    case "recording":
      return [await draftOfRecording(files, { reader, tools })];
    case "prometheus":
      return [await draftOfIncident(files, { routeLabel, reader, tools })];
    case "openapi": {
      const drafts: Draft[] = [];
      for (const file of files) {
        const { document, version, notes } = await openApiDocument(
          file,
          await reader.whole(file),
        );
        const draft = draftOfOpenApi(document, version);
        draft.notes.push(...notes);
        drafts.push(draft);
      }
      return drafts;
    }
    case "wiremock":
      return [
        draftOfWireMock(
          await stubsIn(files, "mappings", reader),
          bodiesBeside(files[0], "__files"),
        ),
      ];
    case "mockserver":
      return [draftOfMockServer(await stubsIn(files, "", reader))];
    case "mockoon":
      return await Promise.all(
        files.map(async (file) =>
          draftOfMockoon(
            await jsonObject(file, reader),
            bodiesBeside(file, "."),
          )
        ),
      );
    case "hoverfly":
      return await Promise.all(
        files.map(async (file) =>
          draftOfHoverfly(
            await jsonObject(file, reader),
            bodiesBeside(file, "."),
          )
        ),
      );
  }
}

async function jsonIn(file: string, reader: Reader): Promise<unknown> {
  const text = await reader.whole(file);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's message quotes the text, which may be a secret.
    const position = /position (\d+)/.exec(error.message)?.[1];
    throw inFile(
      file,
      `it is not JSON${
        position === undefined ? "" : `, at position ${position}`
      }`,
      "a file in JSON",
    );
  }
}

async function jsonObject(file: string, reader: Reader): Promise<Json> {
  const value = await jsonIn(file, reader);
  if (isRecord(value)) return value;
  throw inFile(file, "it is no object", "an object");
}

/** Stubs of files, each with one, a list, or a list under a key. */
async function stubsIn(
  files: readonly string[],
  key: string,
  reader: Reader,
): Promise<PlacedStub[]> {
  const stubs: PlacedStub[] = [];
  for (const file of files) {
    const prefix = files.length === 1 ? "" : `${basename(file)}: `;
    stubs.push(...stubsOf(file, await jsonIn(file, reader), { key, prefix }));
  }
  return stubs;
}

/** Keys of which a stub of WireMock or an expectation of MockServer has one. */
const PARTS = [
  ...["request", "response", "httpRequest", "httpResponse", "httpForward"],
  ...["httpError", "httpOverrideForwardedRequest", "httpResponseTemplate"],
];

function stubsOf(
  file: string,
  value: unknown,
  { key, prefix }: { readonly key: string; readonly prefix: string },
): PlacedStub[] {
  const list = Array.isArray(value)
    ? { items: value, at: "" }
    : isRecord(value) && Array.isArray(value[key])
    ? { items: value[key], at: `/${key}` }
    : undefined;
  if (list === undefined) {
    if (isRecord(value) && PARTS.some((part) => part in value)) {
      return [{ stub: value, place: `${prefix}/` }];
    }
    throw inFile(file, "it holds no stubs", "an object or a list of objects");
  }
  return list.items.map((stub: unknown, index: number) => {
    const place = `${prefix}${list.at}/${index}`;
    if (isRecord(stub)) return { stub, place };
    throw inFile(
      file,
      `the stub at ${list.at}/${index} is no object`,
      "objects",
    );
  });
}

/** Finds the bodies that stand in files of their own, beside the file or beside its folder. */
function bodiesBeside(file: string, folder: string): BodyFile {
  const places = [
    resolve(dirname(file), folder),
    resolve(dirname(file), "..", folder),
    dirname(resolve(file)),
  ];
  return (name) => {
    for (const place of places) {
      const path = resolve(place, name);
      // A file of someone else must not name files beyond its own folder.
      if (relative(place, path).startsWith("..")) continue;
      const text = textBeside(path, LONGEST_TEXT);
      if (text !== undefined) return { text };
      const size = sizeBeside(path);
      if (size !== undefined) return { size };
    }
    return undefined;
  };
}

/** A mock that was imported, and can be written. */
class ImportedMock implements Imported {
  readonly #draft: Draft;
  readonly #files: readonly string[];
  #routes: readonly DraftRoute[];

  constructor(draft: Draft, files: readonly string[]) {
    this.#draft = draft;
    this.#files = files;
    this.#routes = arranged(draft);
  }

  mock(): { readonly text: string; readonly value: Record<string, unknown> } {
    const text = mockYaml(this.#draft, this.#routes, this.#title("A mock"));
    return { text, value: parse(text) };
  }

  script(file?: string): string | undefined {
    const scenarios = this.#scenarios;
    if (scenarios.length === 0) return undefined;
    const folder = file === undefined ? "." : dirname(file);
    const placed = scenarios.map((scenario) => ({
      ...scenario,
      settings: withFilesFrom(scenario.settings, folder),
    }));
    return scriptYaml(
      this.#draft,
      placed,
      {
        name: scriptName(this.#files[0]),
        title: this.#title("A load script"),
      },
    );
  }

  refuse(index: number, reason: string): void {
    const route = this.#routes[index];
    if (route === undefined) return;
    this.#draft.leave(
      `routes that perfmock refuses: ${reason}`,
      route.place,
      `${[route.method].flat().join(", ")} ${route.path}`,
    );
    this.#routes = this.#routes.filter((one) => one !== route);
  }

  get report(): ImportReport {
    const { source, left, changed, notes } = this.#draft;
    return {
      source,
      routes: this.#routes.length,
      timed:
        this.#routes.filter(({ serviceTime, settings }) =>
          serviceTime !== undefined || settings.serviceTimes !== undefined
        ).length,
      scenarios: this.#scenarios.length,
      leftOut: left.lines,
      changed: changed.lines,
      notes,
    };
  }

  /** Scenarios without those of routes that were refused. */
  get #scenarios(): readonly DraftScenario[] {
    const ids = new Set(this.#routes.map(({ id }) => id));
    return this.#draft.scenarios.filter(({ route }) =>
      route === undefined || ids.has(route)
    );
  }

  #title(kind: string): string[] {
    const names = this.#files.slice(0, 5).map((file) => basename(file));
    const more = this.#files.length - names.length;
    return [
      `${kind} made of ${names.join(", ")}${
        more > 0 ? ` and ${more} further files` : ""
      } (${this.#draft.source}) by perfmock import.`,
    ];
  }
}

/** Name of the script of a file: its name without what a script's name cannot have, such as the spaces and brackets of Firefox. */
function scriptName(file: string): string {
  const name = basename(file).replace(/(?:\.\w+)?(?:\.gz)?$/, "")
    .replaceAll(/[^\w.-]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(0, 100);
  return name === "" ? "recorded" : name;
}

/** Returns settings whose trace names its file from the script's folder. */
function withFilesFrom(
  settings: Readonly<Record<string, unknown>>,
  folder: string,
): Record<string, unknown> {
  const { trace } = settings;
  if (!isRecord(trace) || typeof trace.file !== "string") {
    return { ...settings };
  }
  const path = relative(resolve(folder), resolve(trace.file));
  return { ...settings, trace: { ...trace, file: path } };
}
