/**
 * Bodies that are files, read through a stream, with a content type by the file's name. Coded forms of a file are made once for each
 * version of it, off this thread.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import type { Coding } from "../config/mod.ts";
import {
  fill,
  isFixed,
  parseTemplate,
  type Template,
} from "../lib/template.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { prepared } from "../pipeline/pipeline.ts";
import { coded } from "./coder.ts";
import {
  CODED_BYTES,
  CodedBodies,
  isCompressible,
  LEAST_CODED,
  MOST_CODED,
  negotiated,
  SUFFIXES,
  takesIdentity,
} from "./coding.ts";
import { typeOfFile } from "./file_types.ts";
import {
  FileBytes,
  find,
  type Found,
  openReal,
  readWhole,
  withSeparator,
} from "./read_file.ts";
import { BytesInMemory, represent, tagOf } from "./representation.ts";
import { type Content, failure, pieceSizes, type Source } from "./source.ts";
import { type TemplateRoute, valuesOf } from "./text.ts";

/** Coded files, of all servers and sessions of the process. */
export const codedFiles: CodedBodies = new CodedBodies(CODED_BYTES);

/** Options of the answers with a file. */
export interface FileOptions {
  /** Codings in which the file may be sent. */
  readonly codings: readonly Coding[];
  /** True to take coded forms from files beside it. */
  readonly beside: boolean;
  /** Headers of requests that have decided on the file, for Vary; empty for none. */
  readonly vary: string;
  /** Folder that must contain what is sent, with links followed; undefined for any folder. */
  readonly folder: string | undefined;
  /** True to ignore conditions and ranges. */
  readonly plain: boolean;
}

/** A file in the form that a client prefers. */
interface Selected {
  readonly file: Found;
  /** Content type. */
  readonly type: string;
  /** Coding; "identity" for none; undefined if the client takes no form that there is. */
  readonly coding: Coding | "identity" | undefined;
  /** File that holds the coded form; undefined if it is made. */
  readonly codedFile: Found | undefined;
  /** Values of Vary. */
  readonly vary: string | undefined;
}

/** Chooses the form in which a file is sent. */
export function select(
  x: LiveExchange,
  file: Found,
  { codings, beside, folder, vary }: FileOptions,
): Selected {
  const type = typeOfFile(file.path);
  const asIs: Selected = {
    file,
    type,
    coding: "identity",
    codedFile: undefined,
    vary: vary || undefined,
  };
  if (codings.length === 0 || !isCompressible(type)) return asIs;
  const varying = {
    ...asIs,
    vary: vary === "" ? "Accept-Encoding" : `Accept-Encoding, ${vary}`,
  };
  const accepted = x.header("accept-encoding");
  if (accepted === null) return varying;
  const makeable = file.size <= MOST_CODED;
  const files: Partial<Record<Coding, Found>> = {};
  const offered = codings.filter((coding) => {
    if (beside) {
      const found = find(file.path + SUFFIXES[coding], folder);
      if (found?.file) files[coding] = found;
    }
    return makeable && file.size >= LEAST_CODED || files[coding] !== undefined;
  });
  const coding = negotiated(accepted, offered) ??
    // A small file is coded for clients that do not take it as it is.
    (makeable ? negotiated(accepted, codings) : undefined);
  const codedFile = coding === undefined || coding === "identity"
    ? undefined
    : files[coding];
  return { ...varying, coding, codedFile };
}

function isMade({ coding, codedFile }: Selected): boolean {
  return coding !== undefined && coding !== "identity" &&
    codedFile === undefined;
}

function keyOf({ file, coding }: Selected): { key: string; version: string } {
  return {
    key: `${coding} ${file.real}`,
    version: tagOf(file.size, file.modified),
  };
}

/** Makes, before the answer is due if there is time, the coded form that was chosen and does not exist. */
export function prepareFile(x: LiveExchange, selected: Selected): void {
  if (!isMade(selected)) return;
  const { coding, file } = selected;
  const { key, version } = keyOf(selected);
  if (codedFiles.get(key, version) !== undefined) return;
  x.preparing = true;
  codedFiles.make(
    key,
    version,
    async () =>
      await coded(await readWhole(file.real, MOST_CODED), coding as Coding),
  ).then(() => prepared(x));
}

/** Answers with the form of a file that was chosen; undefined if the file is not there any more. */
export function fileContent(
  x: LiveExchange,
  selected: Selected,
  { plain }: Pick<FileOptions, "plain">,
): Content | undefined {
  const { file, type, coding, codedFile, vary } = selected;
  if (coding === undefined) {
    return failure({
      status: 406,
      title: "This file has no coding that the request accepts",
      detail: `Accept-Encoding: ${x.header("accept-encoding") ?? ""}`,
    }, new Headers(vary === undefined ? {} : { vary }));
  }
  const { key, version } = keyOf(selected);
  const bytes = isMade(selected) ? codedFiles.get(key, version) : undefined;
  const code = coding === "identity" ? undefined : coding;
  if (
    bytes !== undefined && bytes !== null &&
    (bytes.length < file.size || !takesIdentity(x))
  ) {
    return represent(x, {
      type,
      vary,
      coding: code,
      size: bytes.length,
      modified: file.modified,
      etag: `"${version}-${coding}"`,
      bytes: new BytesInMemory(bytes),
    }, plain);
  }
  // The coded form may not be smaller, or was dropped in the meantime: the file is sent as it is then.
  const opened = openReal((codedFile ?? file).real);
  if (opened === undefined) return undefined;
  const { size, modified } = opened;
  const suffix = codedFile === undefined ? "" : `-${coding}`;
  return represent(x, {
    type,
    vary,
    coding: codedFile === undefined ? undefined : code,
    size,
    modified,
    etag: `"${tagOf(size, modified)}${suffix}"`,
    bytes: new FileBytes(opened.file),
  }, plain);
}

/**
 * Makes a source whose answers are files.
 *
 * @param locate finds the file of a request; or returns what is answered in place of one
 * @param missing answers in place of a file that is not there any more
 */
export function filesSource(
  locate: (x: LiveExchange) => { file: Found; options: FileOptions } | Content,
  missing: () => Content,
): Source {
  const chosen = new WeakMap<LiveExchange, ReturnType<typeof choose>>();
  function choose(x: LiveExchange) {
    const located = locate(x);
    return "file" in located
      ? { ...located, selected: select(x, located.file, located.options) }
      : located;
  }
  return {
    prepare(x) {
      if (x.incoming === undefined) return;
      if (x.incoming.body === undefined) x.incoming.discard?.();
      const choice = choose(x);
      chosen.set(x, choice);
      if ("file" in choice) prepareFile(x, choice.selected);
    },
    content(x) {
      const choice = chosen.get(x) ?? choose(x);
      if (!("file" in choice)) return choice;
      return fileContent(x, choice.selected, choice.options) ?? missing();
    },
    pieces(x, limit) {
      const located = locate(x);
      return pieceSizes("file" in located ? located.file.size : 0, limit);
    },
  };
}

/**
 * Answers with a file.
 *
 * @param file absolute path; may contain placeholders for values of the request. No value can lead out of the folder that is
 * written before the first placeholder
 * @param route only answers with status 200 support conditional and partial requests
 */
export function fileSource(
  file: string,
  route: TemplateRoute & {
    readonly status: number;
    readonly codings: readonly Coding[];
  },
): Source {
  const template = parseTemplate(file);
  const fixed = isFixed(template);
  const values = valuesOf(route);
  const folder = fixed ? undefined : folderOf(template);
  const options = {
    codings: route.codings,
    beside: false,
    vary: "",
    folder,
    plain: route.status !== 200,
  };
  const locate = (x: LiveExchange) => {
    const written = fill(template, values(x));
    const path = folder === undefined ? written : within(folder, written);
    const found = path === undefined ? undefined : find(path, folder);
    return found?.file ? { file: found, options } : missing(fixed);
  };
  const source = filesSource(locate, () => missing(fixed));
  // Without codings there is nothing to prepare.
  return route.codings.length === 0
    ? { ...source, prepare: undefined }
    : source;
}

/** Folder that is written before the first placeholder of a template. */
function folderOf(template: Template): string {
  const [first] = template;
  return dirname(typeof first === "string" ? `${first}_` : resolve("_"));
}

/** Returns the absolute path if it does not lead out of the folder. */
function within(folder: string, path: string): string | undefined {
  const inside = resolve(path);
  return !path.includes("\0") && inside.startsWith(withSeparator(folder))
    ? inside
    : undefined;
}

/** A request may name a file that does not exist, but a file that the configuration names existed at the start. */
function missing(fixed: boolean): Content {
  return fixed
    ? failure({
      status: 500,
      title: "The file of this route cannot be read any more",
    })
    : failure({ status: 404, title: "This route has no such file" });
}
