/** Clients: one that reads the bytes of a connection, one within the process. */
import type { Perfmock } from "../../core/app.ts";

/** Everything a client received until the server closed the connection. */
export interface RawAnswer {
  /** Received bytes as text. */
  readonly text: string;
  /** True if the connection was reset instead of closed. */
  readonly reset: boolean;
}

/** A TCP connection on which a request was written; `answer` resolves once the server closes it. */
export async function rawRequest(
  url: URL,
  lines: readonly string[],
): Promise<{ readonly answer: Promise<RawAnswer> } & Disposable> {
  const connection = await Deno.connect({
    hostname: url.hostname.replaceAll(/[[\]]/g, ""),
    port: Number(url.port),
  });
  await connection.write(
    new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`),
  );
  return {
    answer: readAll(connection),
    [Symbol.dispose]() {
      try {
        connection.close();
      } catch {
        // The server was first.
      }
    },
  };
}

async function readAll(connection: Deno.Conn): Promise<RawAnswer> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  let text = "";
  try {
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) return { text, reset: false };
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionReset) {
      return { text, reset: true };
    }
    throw error;
  }
}

/** Sends a request to a server over its socket. */
export async function get(
  server: Perfmock,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await fetch(new URL(path, server.url), init);
}

/** Sends a request to a server within the process, without a socket. */
export async function call(
  server: Perfmock,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await server.fetch(new Request(new URL(path, server.url), init));
}

/** Reads the JSON body of an answer. */
export async function json<T = Record<string, unknown>>(
  response: Response | Promise<Response>,
): Promise<T> {
  return await (await response).json();
}

/** Options of a POST request with a JSON body. */
export function post(body: unknown): RequestInit {
  return {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
}

/** An answer whose body is as it went over the wire, but for the framing. */
export interface WireAnswer {
  /** Status. */
  readonly status: number;
  /** Headers; several values of one are joined. */
  readonly headers: Headers;
  /** Body in its content coding. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Sends a GET request, or another one, without the headers that fetch() adds, and reads the answer without decoding its body. */
export async function overWire(
  server: Pick<Perfmock, "url">,
  target: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<WireAnswer> {
  using connection = await Deno.connect({
    hostname: server.url.hostname,
    port: Number(server.url.port),
  });
  const lines = [
    `${method} ${target} HTTP/1.1`,
    "Host: localhost",
    "Connection: close",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  await connection.write(
    new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`),
  );
  const received = new Uint8Array(
    await new Response(connection.readable).arrayBuffer(),
  );
  // One character for each byte.
  const text = new TextDecoder("latin1").decode(received);
  const end = text.indexOf("\r\n\r\n");
  const [status, ...fields] = text.slice(0, end).split("\r\n");
  const own = new Headers();
  for (const field of fields) {
    const [, name, value] = /^([^:]+):\s*(.*)$/.exec(field) ?? [];
    own.append(name, value);
  }
  const body = received.slice(end + 4);
  return {
    status: Number(status.split(" ")[1]),
    headers: own,
    body: own.get("transfer-encoding") === "chunked" ? dechunked(body) : body,
  };
}

function dechunked(framed: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0;;) {
    const end = framed.indexOf(0x0d, at);
    const size = Number.parseInt(
      new TextDecoder().decode(framed.subarray(at, end)),
      16,
    );
    if (!(size > 0)) break;
    pieces.push(framed.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  const whole = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
