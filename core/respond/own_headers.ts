/**
 * Headers with values of the request, which each answer has of its own.
 *
 * @module
 */
import type { HeaderValues } from "../lib/http.ts";
import { fill, isFixed, parseTemplate } from "../lib/template.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { type TemplateRoute, valuesOf } from "./text.ts";

/** Headers of one answer, in their order; a name may occur several times. */
export type OwnHeaders = readonly (readonly [name: string, value: string])[];

/** Writes the headers that each answer has of its own. */
export interface OwnHeaderWriter {
  /** Their names, in lower case. */
  readonly names: ReadonlySet<string>;
  /** Writes those of one answer. */
  write(x: LiveExchange): OwnHeaders;
}

/** Headers as configured, divided. */
export interface DividedHeaders {
  /** Headers that are the same in all answers. */
  readonly fixed: HeaderValues;
  /** Writer of the others; undefined if there are none. */
  readonly own: OwnHeaderWriter | undefined;
}

/** Divides headers into those that all answers share and those that contain values of the request. */
export function divideHeaders(
  headers: HeaderValues,
  route: TemplateRoute,
): DividedHeaders {
  const entries = Object.entries(headers).map(([name, values]) => ({
    name: name.toLowerCase(),
    values: [values].flat(),
    entry: [name, values] as const,
  }));
  const isOwn = ({ values }: { values: readonly string[] }) =>
    values.some((value) => !isFixed(parseTemplate(value)));
  const written = entries.filter(isOwn).flatMap(({ name, values }) =>
    values.map((value) => [name, parseTemplate(value)] as const)
  );
  if (written.length === 0) return { fixed: headers, own: undefined };
  const valuesFor = valuesOf(route);
  return {
    fixed: Object.fromEntries(
      entries.filter((one) => !isOwn(one)).map(({ entry }) => entry),
    ),
    own: {
      names: new Set(written.map(([name]) => name)),
      write(x) {
        const values = valuesFor(x);
        return written.map(([name, template]) => [
          name,
          encoded(fill(template, values)).trim(),
        ]);
      },
    },
  };
}

/** Writes a value so that it ends no line and begins no other header: all but printable ASCII is encoded as in a URL. */
function encoded(value: string): string {
  return value.toWellFormed().replaceAll(
    /[^\x20-\x7e]+/g,
    (some) => encodeURIComponent(some),
  );
}

/** Puts headers of one answer beside others, whose values they replace; cookies are added to those that are set. */
export function addOwn(headers: Headers, own: OwnHeaders): void {
  for (const [name] of own) {
    if (name !== "set-cookie") headers.delete(name);
  }
  for (const [name, value] of own) headers.append(name, value);
}

/** Writes headers as lines of HTTP/1.1. */
export function linesOf(own: OwnHeaders): string {
  return own.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}
