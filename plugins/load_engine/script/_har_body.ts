/**
 * Bodies of requests in a HAR: text, Base64, or the parameters of a form.
 *
 * @module
 */
import type { Omission } from "../../../core/plugin.ts";
import type { RecordedBody } from "./_trace_entries.ts";

/** A body, whose parts may be missing or of any type. */
interface PostData {
  readonly mimeType?: unknown;
  readonly text?: unknown;
  /** Of some recorders: `base64`. */
  readonly encoding?: unknown;
  readonly params?: unknown;
}

/** A parameter of a form. */
interface Parameter {
  readonly name?: unknown;
  readonly value?: unknown;
  readonly fileName?: unknown;
  readonly contentType?: unknown;
}

const FORM = "application/x-www-form-urlencoded";
const UNRECORDED: Omission = { reason: "a body that was not recorded" };

/**
 * Reads the body of a request; returns the reason where it cannot be sent again, and undefined where the request had none.
 *
 * @param size size of the body as recorded: −1 if it is unknown
 */
export function bodyOf(
  data: unknown,
  size: unknown,
): RecordedBody | Omission | undefined {
  const none = Number(size) > 0 ? UNRECORDED : undefined;
  if (typeof data !== "object" || data === null) return none;
  const { mimeType, text, encoding, params }: PostData = data;
  const type = typeof mimeType === "string" ? mimeType : "";
  if (typeof text === "string" && text !== "") {
    const named = type === "" ? "application/octet-stream" : type;
    return encoding === "base64"
      ? decoded(text, named)
      : { type: named, text, binary: false };
  }
  if (Array.isArray(params) && params.length > 0) {
    const all: readonly Parameter[] = params.map((each) => each ?? {});
    return /^multipart\//i.test(type)
      ? multipart(all, type)
      : { type: type === "" ? FORM : type, text: form(all), binary: false };
  }
  if (none !== undefined || text === undefined) return none;
  return {
    type: type === "" ? "application/octet-stream" : type,
    text: "",
    binary: false,
  };
}

/** Decodes Base64: to a text where it is one, else to a character for each byte. */
function decoded(base64: string, type: string): RecordedBody | Omission {
  let characters: string;
  try {
    characters = atob(base64);
  } catch {
    return { reason: "a body that cannot be decoded" };
  }
  const bytes = Uint8Array.from(characters, (each) => each.charCodeAt(0));
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { type, text: decoder.decode(bytes), binary: false };
  } catch {
    return { type, text: characters, binary: true };
  }
}

/** Joins the parameters of a form. Recorders write them encoded or not: what is encoded stays. */
function form(parameters: readonly Parameter[]): string {
  return parameters.map(({ name, value }) =>
    value === undefined ? encoded(name) : `${encoded(name)}=${encoded(value)}`
  ).join("&");
}

/** Encodes what a name or value in a form cannot contain. */
function encoded(value: unknown): string {
  return `${value ?? ""}`.toWellFormed().replaceAll(
    /%(?![0-9A-Fa-f]{2})|[^\w.~!'()*+%-]+/gu,
    (odd) => encodeURIComponent(odd),
  );
}

/** Writes the parameters of a form as RFC 7578 does. Contents of files are not recorded. */
function multipart(
  parameters: readonly Parameter[],
  type: string,
): RecordedBody | Omission {
  const isFile = ({ fileName, value }: Parameter) =>
    fileName !== undefined && value === undefined;
  if (parameters.some(isFile)) return UNRECORDED;
  const named = /boundary="?([^";,]+)/i.exec(type)?.[1];
  const boundary = named ?? "----perfmock-form-boundary";
  const parts = parameters.map(({ name, value, fileName, contentType }) =>
    [
      `--${boundary}`,
      `Content-Disposition: form-data; name="${quoted(name)}"${
        fileName === undefined ? "" : `; filename="${quoted(fileName)}"`
      }`,
      ...contentType === undefined ? [] : [`Content-Type: ${contentType}`],
      "",
      `${value ?? ""}`,
      "",
    ].join("\r\n")
  );
  return {
    type: named === undefined ? `${type}; boundary=${boundary}` : type,
    text: `${parts.join("")}--${boundary}--\r\n`,
    binary: false,
  };
}

/** Encodes what the name of a part cannot contain. */
function quoted(value: unknown): string {
  return `${value ?? ""}`.replaceAll(
    /["\r\n]/g,
    (odd) => encodeURIComponent(odd),
  );
}
