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
