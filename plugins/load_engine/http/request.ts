/**
 * Requests as bytes. A request without placeholders is encoded once, so that sending it costs one write.
 *
 * @module
 */

/** An encoded request. */
export interface PreparedRequest {
  /** Head and body. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True for HEAD, because its response has no body. */
  readonly bodyless: boolean;
  /** True if the text of the response's body will be read. */
  readonly keepBody: boolean;
  /** False to close the connection after the response. */
  readonly keepAlive: boolean;
}

/** The parts of a request. */
export interface RequestText {
  /** HTTP method in upper case. */
  readonly method: string;
  /** Path and query with a leading slash. */
  readonly path: string;
  /** Headers with names in lower case. Those in {@linkcode FRAMING} are ignored, because they are set here. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Body, sent as UTF-8. Default none. */
  readonly body?: string;
  /** True if each character of the body stands for one byte instead. Default false. */
  readonly binary?: boolean;
  /** See {@linkcode PreparedRequest.keepBody}. Default false. */
  readonly keepBody?: boolean;
  /** See {@linkcode PreparedRequest.keepAlive}. Default true. */
  readonly keepAlive?: boolean;
}

/**
 * Headers that frame a message. A script cannot set them, because the figures would then belong to another message than the one
 * sent.
 */
export const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
]);

/** Methods whose requests have a body, so that an empty one needs a `content-length`. */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
const encoder = new TextEncoder();

/**
 * Encodes a request. Line breaks in header values become spaces, and invalid characters in a path are percent-encoded: a value from
 * a template never adds a header or a request.
 *
 * @param host value of the host header, unless the request has its own
 */
export function prepareRequest(
  request: RequestText,
  host: string,
): PreparedRequest {
  const { method, body, keepBody = false, keepAlive = true } = request;
  let fields = keepAlive ? "" : "connection: close\r\n";
  let named = host;
  for (const [name, value] of request.headers) {
    if (name === "host") named = oneLine(value);
    else if (!FRAMING.has(name)) fields += `${name}: ${oneLine(value)}\r\n`;
  }
  const content = body === undefined
    ? undefined
    : request.binary === true
    ? bytesOf(body)
    : encoder.encode(body);
  if (content !== undefined || WITH_BODY.has(method)) {
    fields += `content-length: ${content?.length ?? 0}\r\n`;
  }
  const head = encoder.encode(
    `${method} ${
      cleanPath(request.path)
    } HTTP/1.1\r\nhost: ${named}\r\n${fields}\r\n`,
  );
  return {
    bytes: content === undefined ? head : joined(head, content),
    bodyless: method === "HEAD",
    keepBody,
    keepAlive,
  };
}

/** Returns the bytes of a text whose characters stand for one each. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Returns a header's value on one line. */
export function oneLine(value: string): string {
  return /[\r\n\0]/.test(value) ? value.replace(/[\r\n\0]+/g, " ") : value;
}

/** Returns a path without characters that would end the request line. */
export function cleanPath(path: string): string {
  return /[^!-~]/.test(path)
    ? path.replace(
      /[^!-~]+/gu,
      (part) => encodeURIComponent(part.toWellFormed()),
    )
    : path;
}

function joined(head: Uint8Array, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(head.length + body.length);
  bytes.set(head);
  bytes.set(body, head.length);
  return bytes;
}
