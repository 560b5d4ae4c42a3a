/**
 * Requests as bytes: prepared once where nothing in them changes, so that sending one costs one write.
 *
 * @module
 */

/** A request as it goes over the wire. */
export interface PreparedRequest {
  /** Head and body. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** True for HEAD, whose response has no body. */
  readonly bodyless: boolean;
  /** True where the text of the response's body will be asked for. */
  readonly keepBody: boolean;
  /** False where the connection is closed after it. */
  readonly keepAlive: boolean;
}

/** A request in words. */
export interface RequestText {
  /** Upper case. */
  readonly method: string;
  /** Path and query, with a leading slash. */
  readonly path: string;
  /** Names in lower case. Those that frame the message are made here: {@linkcode FRAMING}. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  /** Sent as UTF-8; nothing where absent. */
  readonly body?: string;
  /** See {@linkcode PreparedRequest.keepBody}; false where absent. */
  readonly keepBody?: boolean;
  /** See {@linkcode PreparedRequest.keepAlive}; true where absent. */
  readonly keepAlive?: boolean;
}

/** The headers that frame a message: whoever sets them himself sends something else than he measures. */
export const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
]);

/** Methods whose requests have a body, so that an empty one has to be announced. */
const WITH_BODY: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);
const encoder = new TextEncoder();

/**
 * Puts a request into bytes. Line breaks in header values become blanks, and what does not belong in a path is
 * percent-encoded: a value from a template never adds a header or a request.
 *
 * @param host sent as the host header, unless the request has its own
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
  const content = body === undefined ? undefined : encoder.encode(body);
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

/** A header's value on one line. */
export function oneLine(value: string): string {
  return /[\r\n\0]/.test(value) ? value.replace(/[\r\n\0]+/g, " ") : value;
}

/** A path without what would end the request line. */
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
