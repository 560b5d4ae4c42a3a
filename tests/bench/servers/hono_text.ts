/**
 * A bare Hono app that answers "ok" at one path.
 *
 * @module
 */
import { Hono } from "hono";
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) {
  const app = new Hono().get("/ok", (context) => context.text("ok"));
  await serveForOwner((request) => app.fetch(request));
}
