/**
 * Serves endpoints: the control API's own and those of plugins. Declared once, an endpoint is routed, its body validated, its
 * faults answered as problem documents, and it is described in openapi.json.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { basePath } from "hono/route";
import { toPointer, validate } from "../config/mod.ts";
import type {
  Awaitable,
  Endpoint,
  ErrorCode,
  Issue,
  PerfmockError,
  Schema,
} from "../plugin.ts";
import { problem } from "../lib/problem.ts";

/** The largest body that is read, in bytes. */
const BODY_LIMIT = 1024 * 1024;

/** The statuses of errors that are no mere fault of a body. */
const STATUS: Readonly<Partial<Record<string, number>>> = {
  REVISION_STALE: 412,
  ROUTE_UNKNOWN: 404,
  SERVER_NOT_STARTED: 503,
  SESSION_UNKNOWN: 404,
  SESSIONS_EXHAUSTED: 429,
} satisfies Partial<Record<ErrorCode, number>>;

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
  app.all("*", (context) => {
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
      title: `This call does not take ${context.req.method}`,
      detail: `It takes ${allowed.join(", ")}`,
    }, new Headers({ allow: allowed.join(", ") }));
  });
}

/** The path of a request as our app's routes know it, wherever the app is mounted. */
export function ownPath(context: Context): string {
  const { path } = context.req;
  const base = basePath(context);
  return base === "/" ? path : path.slice(base.length) || "/";
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
    const query = endpoint.query && readQuery(endpoint.query, request);
    if (query instanceof Response) return query;
    const body = endpoint.body && await readBody(endpoint.body, request);
    if (body instanceof Response) return body;
    return respond(
      await (endpoint.handle({
        request,
        parameters,
        body: body?.value,
        query: query?.value,
      }) as Awaitable<unknown>),
      endpoint,
    );
  } catch (error) {
    if (!isFault(error)) throw error;
    return problem({
      status: error.status ?? STATUS[error.code ?? ""] ?? 400,
      title: error.message,
      code: error.code ?? "ARGUMENT_INVALID",
      issues: error.issues,
    });
  }
}

/** By structure: two copies of the class may be loaded. */
function isFault(error: unknown): error is PerfmockError {
  return error instanceof Error && error.name === "PerfmockError" &&
    "issues" in error && Array.isArray(error.issues);
}

function respond(
  answer: unknown,
  { type, status }: Pick<Endpoint, "type" | "status">,
): Response {
  if (answer instanceof Response) return answer;
  return Response.json(answer, {
    ...status !== undefined && { status },
    ...type !== undefined && { headers: { "content-type": type } },
  });
}

/** What a schema makes of a part of the request, or the problem with it. */
type Read = Response | { readonly value: unknown };

function invalid(what: string, issues: readonly Issue[]): Response {
  return problem({
    status: 400,
    title: `The request ${what} is not valid`,
    code: "ARGUMENT_INVALID",
    issues,
  });
}

async function readBody(schema: Schema, request: Request): Promise<Read> {
  const read = await readJson(request);
  if (read instanceof Response) return read;
  const result = validate(schema, read.value);
  return result.issues === undefined ? result : invalid("body", result.issues);
}

function readQuery(schema: Schema, request: Request): Read {
  const { searchParams } = new URL(request.url);
  const twice = [...new Set(searchParams.keys())].filter((name) =>
    searchParams.getAll(name).length > 1
  );
  if (twice.length > 0) {
    return invalid(
      "query",
      twice.map((name) => ({
        path: toPointer([name]),
        message: `"${name}" is given more than once`,
        value: searchParams.getAll(name),
        allowed: "once",
      })),
    );
  }
  const result = validate(schema, Object.fromEntries(searchParams));
  return result.issues === undefined ? result : invalid("query", result.issues);
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
