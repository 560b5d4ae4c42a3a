/**
 * The server as a Hono app, to mount in another: whatever revision is in force, whichever session is asked for.
 *
 * @module
 */
import { Hono } from "hono";
import { ownPath } from "../control/endpoints.ts";

/** An app that answers all it is asked. */
export function mountedApp(
  answer: (request: Request) => Response | Promise<Response>,
): Hono {
  return new Hono().all("*", (context) => {
    const { raw } = context.req;
    const url = new URL(raw.url);
    const path = ownPath(context);
    if (path === url.pathname) return answer(raw);
    // Mounted in another app: from here on the request is one for us alone, as an upstream sees it too.
    url.pathname = path;
    return answer(new Request(url, raw));
  });
}
