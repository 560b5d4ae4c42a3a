/**
 * The answer of an upstream, before it becomes the answer of a route: refused where it cannot be passed on, and without headers
 * that only perfmock's own answers have.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { endToEnd } from "./_proxied_request.ts";

/**
 * Checks that an answer can be passed on.
 *
 * @param url URL of the upstream, for the message
 * @returns the error; undefined if the answer can be passed on
 */
export function answerError(
  url: string,
  { headers, status }: Pick<Response, "headers" | "status">,
): PerfmockError | undefined {
  // Both at once are a sign of smuggling: two readers may see two bodies (RFC 9112, section 6.3).
  const reason = status === 101
    ? "it switched to another protocol (status 101), which was not requested"
    : status < 200 || status > 599
    ? `its status ${status} is not between 200 and 599`
    : headers.has("content-length") && headers.has("transfer-encoding")
    ? "its answer has both Content-Length and Transfer-Encoding"
    : undefined;
  return reason === undefined ? undefined : new PerfmockError(
    "UPSTREAM_INVALID",
    `Cannot answer in place of ${url}: ${reason}`,
  );
}

/**
 * Headers of an answer that are passed on: those from end to end. A reader of Server-Timing and Perfmock-… must find perfmock's
 * own values, so that the metrics of an upstream get the prefix `upstream-`, and its headers Perfmock-… are left out.
 */
export function passedOn(received: Headers): Headers {
  const headers = endToEnd(received);
  for (const name of [...headers.keys()]) {
    if (name.startsWith("perfmock-")) headers.delete(name);
  }
  const timing = headers.get("server-timing");
  if (timing !== null) headers.set("server-timing", prefixed(timing));
  return headers;
}

/** A metric of Server-Timing: a name, then anything up to the next comma outside of quotes. */
const METRIC = /[^\s,"](?:"(?:[^"\\]|\\.)*"|[^,"]|")*/g;

function prefixed(timing: string): string {
  return (timing.match(METRIC) ?? [])
    .map((metric) => `upstream-${metric.trimEnd()}`)
    .join(", ");
}
