/**
 * Bodies that are files, read through a stream, with a content type by the file's name, and with conditional and partial
 * requests (RFC 9110, sections 13 and 14).
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { getMimeType } from "hono/utils/mime";
import {
  fill,
  isFixed,
  parseTemplate,
  type Template,
} from "../lib/template.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import {
  FileBody,
  open,
  type OpenFile,
  sizeOf,
  withSeparator,
} from "./read_file.ts";
import { type Content, failure, pieceSizes, type Source } from "./source.ts";
import { valuesOf } from "./text.ts";

/**
 * Answers with a file.
 *
 * @param file absolute path; may contain placeholders for values of the request. No value can lead out of the folder that is
 * written before the first placeholder
 * @param route path of the route, in Hono's syntax, and its status: only answers with status 200 support conditional and
 * partial requests
 */
export function fileSource(
  file: string,
  route: { readonly path: string; readonly status: number },
): Source {
  const template = parseTemplate(file);
  const fixed = isFixed(template);
  const values = valuesOf(route.path);
  const folder = fixed ? undefined : folderOf(template);
  const pathOf = (x: LiveExchange) =>
    folder === undefined
      ? fill(template, values(x))
      : within(folder, fill(template, values(x)));
  return {
    content(x) {
      const path = pathOf(x);
      const opened = path === undefined ? undefined : open(path, folder);
      if (opened === undefined || path === undefined) return missing(fixed);
      return answer(opened, x, {
        type: getMimeType(path) ?? "application/octet-stream",
        plain: route.status !== 200,
      });
    },
    pieces(x, limit) {
      const path = pathOf(x);
      return pieceSizes(path === undefined ? 0 : sizeOf(path), limit);
    },
  };
}

/** Folder that is written before the first placeholder of a template. */
function folderOf(template: Template): string {
  const [first] = template;
  return dirname(typeof first === "string" ? `${first}_` : resolve("_"));
}

function answer(
  { file, size, modified }: OpenFile,
  x: LiveExchange,
  { type, plain }: { readonly type: string; readonly plain: boolean },
): Content {
  const headers = new Headers({ "content-type": type });
  const version = versionOf(size, modified);
  headers.set("etag", version.etag);
  headers.set("last-modified", new Date(modified).toUTCString());
  const conditional = !plain && x.incoming !== undefined &&
    (x.method === "GET" || x.method === "HEAD");
  if (!plain) headers.set("accept-ranges", "bytes");
  let range: Range | null | undefined;
  if (conditional) {
    if (isKnown(x, version)) {
      file.close();
      headers.delete("content-type");
      return { status: 304, headers, body: null };
    }
    range = x.method === "GET" ? rangeOf(x, size, version) : undefined;
  }
  if (range === null) {
    file.close();
    return failure({
      status: 416,
      title: "This file has no such part",
      detail: `It has ${size} bytes`,
    }, new Headers({ "content-range": `bytes */${size}` }));
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  headers.set("content-length", `${last - first + 1}`);
  if (range === undefined) {
    return { headers, body: new FileBody(file, size, 0) };
  }
  headers.set("content-range", `bytes ${first}-${last}/${size}`);
  return {
    status: 206,
    headers,
    body: new FileBody(file, last - first + 1, first),
  };
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

/** Version of a file. */
interface Version {
  /** Strong entity tag, with quotes. */
  readonly etag: string;
  /** Time of the last change, in whole seconds since 1970, the resolution of HTTP dates. */
  readonly modified: number;
}

/** Part of a file. */
interface Range {
  /** Offset of the first byte. */
  readonly first: number;
  /** Offset of the last byte, which is included. */
  readonly last: number;
}

function versionOf(size: number, modified: number): Version {
  return {
    etag: `"${size.toString(16)}-${Math.trunc(modified).toString(16)}"`,
    modified: Math.floor(modified / 1000),
  };
}

/** Returns whether the client already has this version: by If-None-Match, or without that header by If-Modified-Since. */
function isKnown(x: LiveExchange, version: Version): boolean {
  const tags = x.header("if-none-match");
  if (tags !== null) {
    return tags.trim() === "*" ||
      tags.split(",").some((tag) =>
        tag.trim().replace(/^W\//, "") === version.etag
      );
  }
  const since = secondsOf(x.header("if-modified-since"));
  return since !== undefined && version.modified <= since;
}

/**
 * Finds the part of a file that a client requests.
 *
 * @returns undefined for the whole file: if there is no Range header, if it is not understood or has several parts (a server may
 * ignore such a header), or if If-Range names another version; null if the file has no such part
 */
function rangeOf(
  x: LiveExchange,
  size: number,
  version: Version,
): Range | null | undefined {
  const [, from, to] =
    /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(x.header("range") ?? "") ?? [];
  if (from === undefined || (from === "" && to === "")) return undefined;
  if (!isCurrent(x.header("if-range"), version)) return undefined;
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? null : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? null : { first, last };
}

function isCurrent(condition: string | null, version: Version): boolean {
  return condition === null || condition === version.etag ||
    secondsOf(condition) === version.modified;
}

function secondsOf(date: string | null): number | undefined {
  if (date === null || date.includes('"')) return undefined;
  const milliseconds = Date.parse(date);
  return Number.isNaN(milliseconds)
    ? undefined
    : Math.floor(milliseconds / 1000);
}
