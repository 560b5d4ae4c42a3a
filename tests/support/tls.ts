/** Clients of TLS and HTTP/2. */
import { connect } from "node:http2";

/** Answer on one HTTP/2 stream. */
export interface StreamAnswer {
  /** Status; undefined if no headers came. */
  readonly status: number | undefined;
  /** Body received so far. */
  readonly text: string;
  /** Code with which the stream was reset; 0 if it was not. */
  readonly code: number;
}

/** Sends a GET over HTTP/2 with Node's client, and accepts any certificate. */
export async function http2Get(url: URL): Promise<StreamAnswer> {
  const session = connect(url.origin, { rejectUnauthorized: false });
  // The stream reports the same errors.
  session.on("error", () => {});
  const { promise, resolve } = Promise.withResolvers<StreamAnswer>();
  const stream = session.request({ ":path": url.pathname });
  let status: number | undefined;
  let text = "";
  stream.on("response", (headers) => status = headers[":status"]);
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => text += part);
  stream.on("error", () => {});
  stream.on(
    "close",
    () => resolve({ status, text, code: stream.rstCode ?? 0 }),
  );
  stream.end();
  const answer = await promise;
  const closed = Promise.withResolvers<void>();
  session.close(closed.resolve);
  await closed.promise;
  return answer;
}

/** Sends lines on a TLS connection that offers HTTP/1.1 only; returns all that is received until it ends. */
export async function rawTls(
  url: URL,
  lines: readonly string[],
  caCerts: string[],
): Promise<{ readonly text: string; readonly alpn: string | null }> {
  using connection = await Deno.connectTls({
    hostname: url.hostname,
    port: Number(url.port),
    caCerts,
    alpnProtocols: ["http/1.1"],
  });
  const { alpnProtocol: alpn } = await connection.handshake();
  await connection.write(
    new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`),
  );
  const buffer = new Uint8Array(65_536);
  let text = "";
  try {
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) return { text, alpn };
      text += new TextDecoder().decode(buffer.subarray(0, size));
    }
  } catch (error) {
    const ends = [Deno.errors.UnexpectedEof, Deno.errors.ConnectionReset];
    if (ends.some((kind) => error instanceof kind)) return { text, alpn };
    throw error;
  }
}
