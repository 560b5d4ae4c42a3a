/**
 * Calls over HTTP by the modules of Node.js. Within a test file, `fetch` is the test's own: jsdom has none, that of happy-dom has the rules
 * of a page, to which the control API gives no access, and tests put doubles in its place.
 *
 * @module
 */
import { request as plainly } from "node:http";
import { request as securely } from "node:https";

/** A request. */
export interface HttpRequest {
  /** Method. */
  readonly method: string;
  /** Headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body; undefined for none. */
  readonly body: string | undefined;
}

/** An answer that was received whole. */
export interface HttpAnswer {
  /** Status. */
  readonly status: number;
  /** Body. */
  readonly text: string;
}

/**
 * Sends a request over a connection of its own, which no proxy of the environment is between, and returns its answer.
 *
 * @throws Error of Node.js, with its `code`, if there is no whole answer
 */
export function callOverHttp(
  url: string,
  { method, headers, body }: HttpRequest,
): Promise<HttpAnswer> {
  const send = url.startsWith("https:") ? securely : plainly;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => text += part);
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}
