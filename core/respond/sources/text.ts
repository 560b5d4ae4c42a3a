/**
 * Bodies that are text: the same for all, or a template.
 *
 * @module
 */
import { BytesBody } from "../body.ts";
import { valuesOf } from "../request_values.ts";
import { cut, type Source } from "../source.ts";
import type { Values } from "../../lib/template.ts";

const encoder = new TextEncoder();

/** Answers with a text; sent whole it needs no source, on a wire it does. */
export function fixedSource(text: string): Source {
  const bytes = encoder.encode(text);
  const { length } = bytes;
  const headers = new Headers({ "content-length": `${length}` });
  return {
    // The same bytes for all: many slow downloads of a large text would otherwise hold as many copies.
    content: () => ({ headers, body: new BytesBody(bytes) }),
    pieces: (_, most) => cut(length, most),
  };
}

/**
 * Answers with a text that holds the request's values.
 *
 * @param write writes it
 * @param path the route's, in Hono's syntax
 */
export function templateSource(
  write: (values: Values) => string,
  path: string,
): Source {
  const values = valuesOf(path);
  return {
    content: (x) => ({ body: write(values(x)) }),
    pieces: (x, most) => cut(encoder.encode(write(values(x))).length, most),
  };
}
