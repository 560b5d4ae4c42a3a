/**
 * Bytes that all answers of a route share, for engines that send bytes: everything but the header lines of one exchange.
 *
 * @module
 */
import { LENGTHLESS, REASONS } from "../lib/http.ts";
import type { PreparedAnswer } from "../pipeline/incoming.ts";
import type { FixedBody } from "./source.ts";

/** Headers that decide where a message ends. Only an engine that sees them can keep that right. */
const OF_CONNECTIONS = [
  "content-length",
  "keep-alive",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

/** Headers that each exchange adds to: configured values would have to be joined with those. */
const OF_EXCHANGES = [
  "access-control-allow-credentials",
  "access-control-expose-headers",
  "perfmock-override-refused",
  "perfmock-sequence",
  "server-timing",
] as const;

/**
 * Prepares the bytes of answers.
 *
 * @param template response that all answers are like; its body is not read
 * @param body body of all answers; undefined if each has its own, whose length is then among its own header lines
 * @returns undefined if the template has headers that need a look at each exchange, so that its answers must leave as responses
 */
export function prepareAnswer(
  { status, headers }: Pick<Response, "status" | "headers">,
  body: FixedBody | undefined,
): PreparedAnswer | undefined {
  for (const name of [...OF_CONNECTIONS, ...OF_EXCHANGES]) {
    if (headers.has(name)) return undefined;
  }
  const bytes = body instanceof Uint8Array
    ? body
    : new TextEncoder().encode(body ?? "");
  const lines = [`HTTP/1.1 ${status} ${REASONS[status] ?? ""}`];
  for (const [name, value] of headers) {
    if (name !== "connection") lines.push(`${name}: ${value}`);
  }
  if (body !== undefined && !LENGTHLESS.has(status)) {
    lines.push(`content-length: ${bytes.length}`);
  }
  return {
    status,
    head: latin1(lines.map((line) => `${line}\r\n`).join("")),
    body: bytes,
    date: headers.has("date"),
    closes: headers.has("connection"),
  };
}

/** The bytes of a text of Latin-1, which is what headers are made of. */
function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
