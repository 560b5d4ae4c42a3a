/**
 * Paths of an app that may be mounted in another.
 *
 * @module
 */
import type { Context } from "hono";
import { basePath } from "hono/route";

/** The path of a request as our app's routes know it, wherever the app is mounted. */
export function ownPath(context: Context): string {
  const { path } = context.req;
  const base = basePath(context);
  return base === "/" ? path : path.slice(base.length) || "/";
}
