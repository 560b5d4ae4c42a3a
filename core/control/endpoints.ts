/**
 * Serves endpoints, those of the control API and those of plugins: routes requests to them, validates queries and bodies, and
 * answers errors with problem documents.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { basePath } from "hono/route";
import {
  copyData,
  excessOf,
  toPointer,
  validate,
  wasRefused,
} from "../config/mod.ts";
import type {
  Awaitable,
  Endpoint,
  ErrorCode,
  Issue,
  Schema,
} from "../plugin.ts";
import { PerfmockError } from "../errors.ts";
import { problem } from "../lib/problem.ts";
import { isRequestBodyError } from "../lib/request_body_error.ts";
import { withTables } from "../lib/tables.ts";
import { nextLook } from "../lib/time/mod.ts";
import { parseJson } from "../lib/written_number.ts";

/** Maximum size of a request body, in bytes. */
export const BODY_LIMIT: number = 1024 * 1024;

/** HTTP status of each error code; 400 for all others. */
export const STATUS: Readonly<Partial<Record<string, number>>> = {
  CHANGE_REFUSED: 409,
  DIAL_UNAVAILABLE: 409,
  POWER_MISSING: 403,
  REPLICA_UNREACHABLE: 503,
  REVISION_STALE: 412,
  ROUTE_UNKNOWN: 404,
  SERVER_NOT_STARTED: 503,
  SESSION_UNKNOWN: 404,
  SESSIONS_EXHAUSTED: 429,
  SESSION_CONFINED: 403,
} satisfies Partial<Record<ErrorCode, number>>;

/** Call that one of several replicas received. */
export interface ReceivedCall {
  /** Endpoint that takes it. */
  readonly endpoint: Endpoint;
  /** Request. */
  readonly request: Request;
  /** Parameters in the path, by name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Answers the calls of a server that is one of several replicas. */
export interface FleetDoor {
  /** Answers a call for all replicas; `own` answers it by this one alone. */
  answer(
    received: ReceivedCall,
    own: (request: Request) => Promise<Response>,
  ): Promise<Response>;
}

/**
 * Adds endpoints to a Hono app, below a base path.
 *
 * @param fleet undefined for a server that stands alone
 */
export function addEndpoints(
  app: Hono,
  base: string,
  { endpoints, fleet }: {
    readonly endpoints: readonly Endpoint[];
    readonly fleet?: FleetDoor | undefined;
  },
): void {
  for (const endpoint of endpoints) {
    app.on(endpoint.method, base + endpoint.path, (context) => {
      const request = context.req.raw;
      const parameters = context.req.param();
      const own = (request: Request) => serve(endpoint, request, parameters);
      return fleet === undefined
        ? own(request)
        : fleet.answer({ endpoint, request, parameters }, own);
    });
  }
}

/** Answers 405 if the path has endpoints for other methods only, and 404 if it has none. */
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
        detail: `${base}/openapi.json lists all calls`,
      });
    }
    return problem({
      status: 405,
      title: `This call does not take ${context.req.method}`,
      detail: `It takes ${allowed.join(", ")}`,
    }, new Headers({ allow: allowed.join(", ") }));
  });
}

/** Path of a request relative to the base path at which our app is mounted in another. */
export function ownPath(context: Context): string {
  const { path } = context.req;
  const base = basePath(context);
  return base === "/" ? path : path.slice(base.length) || "/";
}

/** True if a path matches a pattern, whose variables are always whole segments. */
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
    return answerTo(error);
  }
}

/**
 * Returns the answer to an error of the client.
 *
 * @throws the error if it is none
 */
export function answerTo(error: unknown): Response {
  if (isRequestBodyError(error)) return notReceived(error);
  if (!(error instanceof PerfmockError)) throw error;
  return refused(error);
}

/** Answers a body that the client did not send as announced. */
function notReceived({ message }: Error): Response {
  return problem({
    status: 400,
    title: "The request body was not received",
    detail: message,
  });
}

/** Answers an error. One that came from a missing power has its code, whatever else was wrong. */
function refused(error: PerfmockError): Response {
  const { code, message, issues, status } = wasRefused()
    ? new PerfmockError("POWER_MISSING", error.message, error.issues)
    : error;
  return problem({
    status: status ?? STATUS[code ?? ""] ?? 400,
    title: message,
    code: code ?? "ARGUMENT_INVALID",
    issues,
  });
}

/**
 * Makes the response to a call of an endpoint.
 *
 * @param answer what the endpoint returned: a Response, which is returned unchanged, or data
 * @throws TypeError if the data is not JSON, or has no place in an answer of this status
 */
export function respond(
  answer: unknown,
  { type, status }: Pick<Endpoint, "type" | "status">,
): Response {
  if (answer instanceof Response) {
    if (!answer.bodyUsed) return answer;
    throw new TypeError("The body of the answer was read already");
  }
  return Response.json(answer, {
    ...status !== undefined && { status },
    ...type !== undefined && { headers: { "content-type": type } },
  });
}

/** Parsed query or body of a request, or the answer if it is not valid. */
type Parsed = Response | { readonly value: unknown };

function invalid(what: string, issues: readonly Issue[]): Response {
  const title = `The request ${what} is not valid`;
  return refused(new PerfmockError("ARGUMENT_INVALID", title, issues));
}

async function readBody(schema: Schema, request: Request): Promise<Parsed> {
  const read = await readJson(request);
  if (read instanceof Response) return read;
  const excess = excessOf(read.value);
  if (excess !== undefined) return invalid("body", [{ path: "", ...excess }]);
  const data = copyData(read.value);
  const result = await withTables(() => validate(schema, data));
  return result.issues === undefined ? result : invalid("body", result.issues);
}

function readQuery(schema: Schema, request: Request): Parsed {
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

function tooLarge(): Response {
  return problem({
    status: 413,
    title: "The request body is too large",
    detail: `At most ${BODY_LIMIT} bytes are read`,
  });
}

/** Size in bytes from which a body takes so long to parse that the event loop looks at its sockets before and after. */
const LONG = 65_536;

/** Parses the body as JSON. Stops reading at the size limit. */
async function readJson(request: Request): Promise<Parsed> {
  // A length that is announced is refused before a byte of the body is read.
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > BODY_LIMIT) return tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > BODY_LIMIT) return tooLarge();
    chunks.push(chunk);
  }
  const text = await new Blob(chunks as BlobPart[]).text();
  if (size > LONG) await nextLook();
  try {
    const value = parseJson(text);
    if (size > LONG) await nextLook();
    return { value };
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
