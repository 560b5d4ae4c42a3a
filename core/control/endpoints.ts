/**
 * Serves endpoints: the control API's own and those of plugins. Declared once, an endpoint is routed, its body validated, its
 * faults answered as problem documents, and it is described in openapi.json.
 *
 * @module
 */
import type { Hono } from "hono";
import { validate } from "../config/mod.ts";
import type { Awaitable, Endpoint, Faults } from "../plugin.ts";
import { problem } from "../problem.ts";
import { ownPath } from "../routes/own_path.ts";

/** The largest body that is read, in bytes. */
const BODY_LIMIT = 1024 * 1024;

/** Adds endpoints to a Hono app, below a path. */
export function addEndpoints(
  app: Hono,
  base: string,
  endpoints: readonly Endpoint[],
): void {
  for (const endpoint of endpoints) {
    app.on(
      endpoint.method,
      base + endpoint.path,
      (context) => serve(endpoint, context.req.raw, context.req.param()),
    );
  }
}

/** Answers with 405 what has an endpoint for another method, and with 404 what has none. */
export function addFallback(app: Hono, base: string): void {
  app.all(`${base}/*`, (context) => {
    const path = ownPath(context);
    const allowed = [
      ...new Set(
        app.routes.filter((route) =>
          route.method !== "ALL" && matches(route.path, path)
        ).map((route) => route.method),
      ),
    ];
    if (allowed.length === 0) {
      return problem({
        status: 404,
        title: "The control API has no such call",
        detail: `${base}/openapi.json lists all there are`,
      });
    }
    return problem({
      status: 405,
      title: `The control API does not take ${context.req.method} here`,
      detail: `It takes ${allowed.join(", ")}`,
    }, new Headers({ allow: allowed.join(", ") }));
  });
}

/** Whether a pattern whose only variables are whole segments takes a path. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split("/");
  const given = path.split("/");
  return wanted.length === given.length &&
    wanted.every((segment, i) =>
      segment.startsWith(":") ? given[i] !== "" : segment === given[i]
    );
}

async function serve(
  endpoint: Endpoint,
  request: Request,
  parameters: Record<string, string>,
): Promise<Response> {
  try {
    let body: unknown;
    if (endpoint.body !== undefined) {
      const read = await readJson(request);
      if (read instanceof Response) return read;
      const result = validate(endpoint.body, read.value);
      if (result.issues !== undefined) {
        return problem({
          status: 400,
          title: "The request body is not valid",
          code: "ARGUMENT_INVALID",
          issues: result.issues,
        });
      }
      body = result.value;
    }
    return respond(
      await (endpoint.handle({ request, parameters, body }) as Awaitable<
        unknown
      >),
      endpoint.type,
    );
  } catch (error) {
    if (!isFault(error)) throw error;
    return problem({
      status: 400,
      title: error.message,
      code: error.code ?? "ARGUMENT_INVALID",
      issues: error.issues,
    });
  }
}

/** By structure, since plugins import only types: their faults are classes of their own. */
function isFault(error: unknown): error is Faults & { readonly code?: string } {
  return error instanceof Error && error.name === "PerfmockError" &&
    "issues" in error && Array.isArray(error.issues);
}

function respond(answer: unknown, type: string | undefined): Response {
  if (answer instanceof Response) return answer;
  return Response.json(
    answer,
    type === undefined ? undefined : { headers: { "content-type": type } },
  );
}

/** The body as JSON, read no further than the limit; or the problem with it. */
async function readJson(
  request: Request,
): Promise<Response | { readonly value: unknown }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > BODY_LIMIT) {
      return problem({
        status: 413,
        title: "The request body is too large",
        detail: `At most ${BODY_LIMIT} bytes are read`,
      });
    }
    chunks.push(chunk);
  }
  const text = await new Blob(chunks as BlobPart[]).text();
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return problem({
      status: 400,
      title: "The request body is not JSON",
      code: "ARGUMENT_INVALID",
      issues: [{
        path: "",
        message: error instanceof Error ? error.message : String(error),
        allowed: "a JSON document",
      }],
    });
  }
}
