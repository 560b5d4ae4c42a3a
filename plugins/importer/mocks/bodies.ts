/**
 * Bodies and headers of responses: from other tools' and recorders' forms to perfmock's.
 *
 * @module
 */
import { BODILESS_STATUSES } from "./statuses.ts";

/** A body as it was found. */
export interface FoundBody {
  /** Content type; empty if it is not known. */
  readonly type: string;
  /** Text; undefined if the body is bytes, or was not recorded. */
  readonly text?: string | undefined;
  /** Size in bytes, if the text is not known. */
  readonly size?: number | undefined;
  /** True for a text that a person wrote: its placeholders are perfmock's already, and JSON may lose its spaces. Default false. */
  readonly authored?: boolean;
}

/** Settings of a body, and the reason why it is not as it was found. */
export interface BodyReading {
  /** Keys of `response`. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Reason; undefined if the body is as it was found. */
  readonly changed?: string;
}

/** Greatest length of a text that a mock contains, in characters. */
export const LONGEST_TEXT: number = 256 * 1024;

/** Greatest length of all texts of a mock, in characters. */
const ALL_TEXTS = 24 * 1024 ** 2;

/** Length of the texts that a mock may still contain. */
export class TextBudget {
  #left = ALL_TEXTS;

  /** Takes the length of a text from the rest; returns false where it is too long. */
  take(length: number): boolean {
    if (length > LONGEST_TEXT || length > this.#left) return false;
    this.#left -= length;
    return true;
  }
}

/** Reason of bodies that are too long to be written into a configuration. */
export const TOO_LONG = "long bodies, of the same size without their content";

/** Reason of bodies of bytes. */
export const BYTES = "bodies of bytes, of the same size without their content";

/** Reason of bodies that a recorder did not keep. */
export const UNRECORDED =
  "bodies that were not recorded, of the same size without their content";

/** Converts a body. */
export function bodyFrom(
  { type, text, size = 0, authored = false }: FoundBody,
  status: number,
  budget: TextBudget,
): BodyReading {
  const headers = type === "" ? {} : { headers: { "Content-Type": type } };
  if (BODILESS_STATUSES.has(status)) return { settings: {} };
  if (text === undefined) {
    return size > 0
      ? {
        settings: { ...headers, ...sized(size, type) },
        changed: isText(type) ? UNRECORDED : BYTES,
      }
      : { settings: type === "" ? {} : headers };
  }
  if (text === "") return { settings: type === "" ? {} : headers };
  if (!budget.take(text.length)) {
    return {
      settings: {
        ...headers,
        ...sized(new TextEncoder().encode(text).length, type),
      },
      changed: TOO_LONG,
    };
  }
  const json = isJson(type) ? jsonOf(text, authored) : undefined;
  const own = authored ? <Value>(value: Value) => value : literal;
  return json === undefined ? { settings: { ...headers, text: own(text) } } : {
    settings: {
      ...isPlainJson(type) ? {} : headers,
      json: own(json.value),
    },
  };
}

function sized(size: number, type: string): Record<string, unknown> {
  return { size, ...isText(type) && { compressible: true } };
}

/** Returns whether bodies of a content type are JSON. */
export function isJson(type: string): boolean {
  return /^[\w.+-]+\/(?:[\w.+-]+\+)?json\b/i.test(type.trim());
}

/** Returns whether a content type is the one that perfmock sends with JSON by itself. */
function isPlainJson(type: string): boolean {
  return /^application\/json(?:;\s*charset="?utf-?8"?)?$/i.test(type.trim());
}

/** Returns whether bodies of a content type are text. */
export function isText(type: string): boolean {
  return type === "" || isJson(type) ||
    /^(?:text\/|image\/svg|application\/(?:[\w.-]*javascript|[\w.+-]*xml|graphql|yaml|x-www-form-urlencoded|manifest))/i
      .test(type.trim());
}

/**
 * Parses JSON that means the same, byte for byte, when it is written without spaces; undefined for other text.
 *
 * @param spaced true if only its values have to stay the same
 */
function jsonOf(
  text: string,
  spaced: boolean,
): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const written = JSON.stringify(value);
    // Digits of long numbers would be lost.
    const same = spaced ? !/\d{16}|\d\.\d*0\b/.test(text) : written === text;
    return same ? { value } : undefined;
  } catch {
    return undefined;
  }
}

/** Escapes placeholders in all texts of a value: what was recorded means itself. */
export function literal(value: unknown): unknown {
  if (typeof value === "string") return value.replaceAll("{{", "\\{{");
  if (Array.isArray(value)) return value.map(literal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, literal(item)]),
  );
}

/** Headers of responses that are kept. Others may hold secrets, or are the server's own. */
const KEPT: ReadonlySet<string> = new Set([
  "accept-ranges",
  "allow",
  "cache-control",
  "content-disposition",
  "content-language",
  "content-security-policy",
  "content-type",
  "etag",
  "expires",
  "last-modified",
  "link",
  "location",
  "pragma",
  "retry-after",
  "vary",
]);

/** Headers that a server writes by itself: leaving them out loses nothing. */
const OWN: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
  "access-control-expose-headers",
  "access-control-max-age",
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "server",
  "server-timing",
  "timing-allow-origin",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "via",
]);

/** Headers that are written, and names of those that are not. */
export interface HeaderReading {
  /** Headers by name. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** Names of the headers that were left out although they may matter. */
  readonly left: readonly string[];
}

/**
 * Selects the headers that a mock sends.
 *
 * @param all true for headers that a person wrote into a mock, of which only the server's own are left out. Default false: recorded
 * ones, which may hold secrets
 */
export function headersFrom(
  found: Iterable<readonly [name: string, value: string]>,
  all = false,
): HeaderReading {
  const headers: Record<string, string | string[]> = {};
  const left: string[] = [];
  for (const [name, value] of found) {
    const lower = name.toLowerCase();
    // Names with a colon are HTTP/2's own.
    if (lower.startsWith(":") || OWN.has(lower)) continue;
    if (
      !/^[!#$%&'*+.^_`|~\w-]+$/.test(name) ||
      /[\r\n\0]/.test(value) || !all && !KEPT.has(lower) ||
      lower.startsWith("perfmock-")
    ) {
      left.push(lower);
      continue;
    }
    const known = Object.keys(headers).find((one) =>
      one.toLowerCase() === lower
    );
    if (known === undefined) headers[canonical(name)] = value;
    else headers[known] = [headers[known], value].flat();
  }
  return { headers, left };
}

/** Writes a name as it is written by hand: `content-type` as `Content-Type`. */
function canonical(name: string): string {
  if (name !== name.toLowerCase()) return name;
  return name === "etag"
    ? "ETag"
    : name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Joins the settings of a response: status, headers and body. */
export function responseFrom(
  status: number,
  headers: Readonly<Record<string, string | string[]>>,
  body: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const { headers: own, ...rest } = body;
  const merged: Record<string, unknown> = { ...headers };
  const typed = Object.keys(merged).find((name) =>
    name.toLowerCase() === "content-type"
  );
  // The content type of a JSON body is written only where it differs from the one that is sent anyway.
  if (typed !== undefined) delete merged[typed];
  Object.assign(merged, own);
  return {
    ...status !== 200 && { status },
    ...Object.keys(merged).length > 0 && { headers: merged },
    ...rest,
  };
}
