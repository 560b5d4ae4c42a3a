/**
 * Bodies that are files, read through a stream: with entity tags, dates, ranges, and a content type by the file's name.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { getMimeType } from "hono/utils/mime";
import type { LiveExchange } from "../../pipeline/exchange.ts";
import { valuesOf } from "../request_values.ts";
import { type Content, cut, failure, type Source } from "../source.ts";
import {
  fill,
  isFixed,
  parseTemplate,
  type Template,
} from "../../lib/template.ts";
import { FileBody, open, type Opened, sizeOf, withEnd } from "./_read_file.ts";
import { isKnown, type Range, rangeOf, versionOf } from "./_conditional.ts";

/**
 * Answers with a file.
 *
 * @param file absolute; may have places for the request's values, which never lead out of the folder that is written before
 * the first of them
 * @param route its path, in Hono's syntax, and the status it answers with: conditions and ranges are heeded with 200 only
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
    pieces(x, most) {
      const path = pathOf(x);
      return cut(path === undefined ? 0 : sizeOf(path), most);
    },
  };
}

/** The folder that is written before the first place of a template. */
export function folderOf(template: Template): string {
  const [first] = template;
  return dirname(typeof first === "string" ? `${first}_` : resolve("_"));
}

function answer(
  { file, size, modified }: Opened,
  x: LiveExchange,
  { type, plain }: { readonly type: string; readonly plain: boolean },
): Content {
  const headers = new Headers({ "content-type": type });
  const version = versionOf(size, modified);
  headers.set("etag", version.etag);
  headers.set("last-modified", new Date(modified).toUTCString());
  const asked = x.request?.headers;
  const conditional = !plain && asked !== undefined &&
    (x.method === "GET" || x.method === "HEAD");
  if (!plain) headers.set("accept-ranges", "bytes");
  let range: Range | null | undefined;
  if (conditional) {
    if (isKnown(asked, version)) {
      file.close();
      headers.delete("content-type");
      return { status: 304, headers, body: null };
    }
    range = x.method === "GET" ? rangeOf(asked, size, version) : undefined;
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

/** The path, where it does not lead out of a folder. */
function within(folder: string, path: string): string | undefined {
  const inside = resolve(path);
  return !path.includes("\0") && inside.startsWith(withEnd(folder))
    ? inside
    : undefined;
}

/** A file that a request names may well be missing; one that the configuration names was there at the start. */
function missing(fixed: boolean): Content {
  return fixed
    ? failure({
      status: 500,
      title: "The file of this route cannot be read any more",
    })
    : failure({ status: 404, title: "This route has no such file" });
}
