/**
 * Answers of the engine itself, to requests that nobody else can answer.
 *
 * @module
 */
import { REASONS } from "../lib/http.ts";
import { problem } from "../lib/problem.ts";

const encoder = new TextEncoder();

/** The request cannot be made a Request of the Fetch API: one of the method TRACE, or one whose Host makes no URL. */
export class NotTakenError extends Error {
  override readonly name = "NotTakenError";
}

/**
 * Answers a request that was not taken.
 *
 * @param url URL of the request
 */
export function notTaken({ message }: NotTakenError, url: string): Response {
  return problem({
    status: URL.canParse(url) ? 501 : 400,
    title: "This request cannot be taken",
    detail: message,
  });
}

/** Answers a request whose answer could not be made. */
export function notAnswered(): Response {
  return problem({ status: 500, title: "This request cannot be answered" });
}

/**
 * Formats the answer to an error of the client, after which the connection ends.
 *
 * @param reason reason in words, without a full stop
 * @param date line of the header Date, ended by CRLF
 */
export function refusal(
  status: number,
  reason: string,
  date: string,
): Uint8Array {
  const body = encoder.encode(JSON.stringify({
    type: "about:blank",
    status,
    title: "This request is refused",
    detail: reason,
  }));
  const head = encoder.encode(
    `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n` +
      "content-type: application/problem+json\r\n" +
      `content-length: ${body.length}\r\nconnection: close\r\n${date}\r\n`,
  );
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return all;
}
