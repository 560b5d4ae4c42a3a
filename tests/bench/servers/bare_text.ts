/**
 * Bare Deno.serve that answers "ok": the upper limit of Deno on this machine.
 *
 * @module
 */
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) await serveForOwner(() => new Response("ok"));
