/** Clients: one on the wire as it is, one within the process. */
import type { Perfmock } from "../../core/app.ts";

/** What a client saw of a server: the bytes as text, until the server closed the connection. */
export interface RawAnswer {
  /** All that came. */
  readonly text: string;
  /** Whether the connection was reset instead of closed. */
  readonly reset: boolean;
}

/** A TCP connection on which a request was written, and which tells what comes back until the server closes it. */
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

/** A request to a server over its socket. */
export async function get(
  server: Perfmock,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await fetch(new URL(path, server.url), init);
}

/** A call of a server's control API or of any other path, within the process. */
export async function call(
  server: Perfmock,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return await server.fetch(new Request(new URL(path, server.url), init));
}

/** The JSON that a call answers with. */
export async function json<T = Record<string, unknown>>(
  response: Response | Promise<Response>,
): Promise<T> {
  return await (await response).json();
}

/** A POST of JSON. */
export function post(body: unknown): RequestInit {
  return {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
}
