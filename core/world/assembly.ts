/**
 * Puts a configuration's endpoints and mock routes together.
 *
 * @module
 */
import { Hono } from "hono";
import type { PerfmockConfig } from "../config/mod.ts";
import { addEndpoints, addFallback } from "../control/endpoints.ts";
import { refuse } from "../control/guard.ts";
import type { EndpointGroup } from "./endpoint_groups.ts";
import type { Peer } from "../pipeline/exchange.ts";
import { Edge } from "../pipeline/edge.ts";
import { problem } from "../lib/problem.ts";
import type { BuiltRoute } from "./built_route.ts";
import { createFallback } from "../respond/fallback.ts";
import { Matcher } from "../pipeline/matcher.ts";
import type { TenantParts } from "./tenant_parts.ts";

/** The Hono app, and the edge that takes the shorter way to the same answers. */
/** The way to an answer. */
export interface Assembly {
  /** Answers: mock routes by a short way, the control API and endpoints through Hono; told who asks, where that is known. */
  readonly fetch: (
    request: Request,
    peer?: Peer,
  ) => Response | Promise<Response>;
}

/** Puts endpoints and routes together. */
export function assemble(
  routes: readonly BuiltRoute[],
  groups: readonly EndpointGroup[],
  { config, parts }: {
    readonly config: PerfmockConfig;
    readonly parts: TenantParts;
  },
): Assembly {
  const base = config.control.path;
  const { cors } = config.server;
  const app = new Hono();
  app.onError((error) => {
    parts.log("error", `Cannot answer a request: ${error.message}`);
    return problem({ status: 500, title: "perfmock failed to answer this" });
  });
  app.use(`${base}/*`, async (context, next) => {
    const refusal = refuse(context.req.raw, config.control);
    if (refusal !== undefined) return refusal;
    await next();
  });
  for (const group of groups) addEndpoints(app, group.base, group.endpoints);
  addFallback(app, base);

  const matcher = new Matcher(routes);
  const fallback = createFallback(matcher, routes, { cors });
  const own = new Matcher(
    groups.filter((group) => group.base === "").flatMap(({ endpoints }) =>
      endpoints.map(({ path }) => ({ methods: ["*"], path }))
    ),
  );
  const edge = new Edge({
    matcher,
    flow: parts.flow,
    cors,
    reserved: (path) =>
      path === base || path.startsWith(`${base}/`) ||
      own.find("GET", path) !== undefined,
    otherwise: (request) => app.fetch(request),
    unmatched(request, path) {
      const response = fallback(request, path);
      parts.recorder.unmatched(request.method, response.status);
      return response;
    },
  });
  return { fetch: edge.fetch };
}
