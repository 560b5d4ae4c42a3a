/**
 * A client that writes and reads the bytes of one connection, so that a test decides on each of them.
 *
 * @module
 */
import { bytesOf } from "./_requests.ts";

/** One answer of a server. */
export interface RawResponse {
  /** Status line and header lines, without the blank line. */
  readonly head: string;
  /** Status. */
  readonly status: number;
  /** Headers by their lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  /** Body without its framing, as text of Latin-1. */
  readonly body: string;
}

/** End of a connection, as the client sees it. */
export interface RawEnd {
  /** All that came and was not read before, as text of Latin-1. */
  readonly text: string;
  /** True if the connection was reset instead of closed. */
  readonly reset: boolean;
}

const LATIN1 = new TextDecoder("latin1");

/** A connection of a client. */
export class RawClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  readonly #buffer = new Uint8Array(65536);
  #text = "";
  #ended = false;
  #closed = false;

  /** Connects. */
  static async connect(
    port: number,
    hostname = "127.0.0.1",
  ): Promise<RawClient> {
    return new RawClient(await Deno.connect({ hostname, port }));
  }

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    connection.setNoDelay(true);
  }

  /** Sends text of Latin-1 or bytes. */
  async send(data: string | Uint8Array): Promise<void> {
    let rest = typeof data === "string" ? bytesOf(data) : data;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#connection.write(rest));
    }
  }

  /** Ends the client's direction. */
  async finish(): Promise<void> {
    await this.#connection.closeWrite();
  }

  /** Closes the connection. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Reads until the received text, of which `take` returns what it has used, suffices. */
  async read<T>(
    take: (text: string) => { value: T; length: number } | undefined,
  ): Promise<T> {
    for (;;) {
      const taken = take(this.#text);
      if (taken !== undefined) {
        this.#text = this.#text.slice(taken.length);
        return taken.value;
      }
      if (!await this.#more()) {
        throw new Error(
          `The connection ended after ${JSON.stringify(this.#text)}`,
        );
      }
    }
  }

  /** Reads a number of bytes. */
  bytes(count: number): Promise<string> {
    return this.read((text) =>
      text.length < count
        ? undefined
        : { value: text.slice(0, count), length: count }
    );
  }

  /** Reads one response that has a length, is chunked, or has no body. */
  response(method = "GET"): Promise<RawResponse> {
    return this.read((text) => responseIn(text, method));
  }

  /** Reads responses. */
  async responses(count: number): Promise<RawResponse[]> {
    const all: RawResponse[] = [];
    while (all.length < count) all.push(await this.response());
    return all;
  }

  /** Reads until the server closes or resets the connection. */
  async end(): Promise<RawEnd> {
    try {
      while (await this.#more());
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) {
        return { text: this.#text, reset: true };
      }
      throw error;
    }
    return { text: this.#text, reset: false };
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const count = await this.#connection.read(this.#buffer);
    if (count === null) {
      this.#ended = true;
      return false;
    }
    this.#text += LATIN1.decode(this.#buffer.subarray(0, count));
    return true;
  }
}

/** Finds the first response in a text; undefined if it is not complete. */
export function responseIn(
  text: string,
  method: string,
): { value: RawResponse; length: number } | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const [first, ...lines] = head.split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(first.slice(9, 12));
  const start = end + 4;
  const made = (body: string, length: number) => ({
    value: { head, status, headers, body },
    length,
  });
  if (
    method === "HEAD" || status < 200 || status === 204 || status === 304
  ) return made("", start);
  if (headers.get("transfer-encoding") === "chunked") {
    let body = "";
    for (let at = start;;) {
      const lineEnd = text.indexOf("\r\n", at);
      if (lineEnd < 0) return undefined;
      const size = parseInt(text.slice(at, lineEnd), 16);
      const after = lineEnd + 2 + size + 2;
      if (text.length < after) return undefined;
      body += text.slice(lineEnd + 2, after - 2);
      if (size === 0) return made(body, after);
      at = after;
    }
  }
  const length = Number(headers.get("content-length"));
  if (!Number.isInteger(length)) {
    throw new Error(`No length: ${JSON.stringify(head)}`);
  }
  if (text.length < start + length) return undefined;
  return made(text.slice(start, start + length), start + length);
}

/** Builds a request of HTTP/1.1 without a body. */
export function request(
  target = "/",
  { method = "GET", version = "1.1", headers = [] }: {
    readonly method?: string;
    readonly version?: string;
    readonly headers?: readonly string[];
  } = {},
): string {
  return [
    `${method} ${target} HTTP/${version}`,
    "host: localhost",
    ...headers,
    "",
    "",
  ].join("\r\n");
}

/** Builds a request with a body. */
export function post(
  body: string,
  target = "/",
  headers: readonly string[] = [],
): string {
  return request(target, {
    method: "POST",
    headers: [`content-length: ${body.length}`, ...headers],
  }) + body;
}

/** Formats a chunk of a chunked body. */
export function chunk(data: string): string {
  return `${data.length.toString(16)}\r\n${data}\r\n`;
}
