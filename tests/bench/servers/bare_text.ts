/**
 * Bare Deno.serve that answers "ok": what this machine's Deno can do at most.
 *
 * @module
 */
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) await serveForOwner(() => new Response("ok"));
