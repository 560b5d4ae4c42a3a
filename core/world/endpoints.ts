/**
 * Everything that a revision answers: the control API's own endpoints, those of plugins, and the mock routes.
 *
 * @module
 */
import { Hono } from "hono";
import type { PerfmockConfig } from "../config/mod.ts";
import { addEndpoints, addFallback, ownPath } from "../control/endpoints.ts";
import { refuse } from "../control/guard.ts";
import { openapi } from "../control/openapi.ts";
import { PerfmockError } from "../errors.ts";
import { problem } from "../lib/problem.ts";
import { describeThrown } from "../lib/thrown.ts";
import { Cors, corsOf, isPreflight, wantedMethod } from "../pipeline/cors.ts";
import type { Served } from "../pipeline/edge.ts";
import { FetchIncoming } from "../pipeline/incoming.ts";
import { Matcher } from "../pipeline/matcher.ts";
import type { Endpoint, Issue } from "../plugin.ts";
import { createFallback } from "../respond/answer.ts";
import { VERSION } from "../version.ts";
import type { RunningPlugin } from "./plugin_lifecycle.ts";
import type { LoadedPlugin } from "./plugin_loader.ts";
import type { MockRoute } from "./routes.ts";
import type { WorldState } from "./state.ts";

/** Endpoints under a common path. */
export interface EndpointGroup {
  /** Path before the path of each endpoint; empty for a plugin's own paths. */
  readonly base: string;
  /** Name of the plugin, or `control`. */
  readonly tag: string;
  /** Endpoints of the group. */
  readonly endpoints: readonly Endpoint[];
}

/** Gathers all endpoints, the control API's own first. */
export function endpointsOf(
  plugins: readonly RunningPlugin[],
  own: readonly Endpoint[],
  config: PerfmockConfig,
): EndpointGroup[] {
  const base = config.control.path;
  const groups: EndpointGroup[] = [{
    base,
    tag: "control",
    endpoints: own,
  }];
  for (const { plugin: { name }, instance } of plugins) {
    const { control = [], endpoints = [] } = instance;
    if (control.length > 0) {
      groups.push({ base: `${base}/${name}`, tag: name, endpoints: control });
    }
    if (endpoints.length > 0) groups.push({ base: "", tag: name, endpoints });
  }
  const description: Endpoint = {
    method: "GET",
    path: "/openapi.json",
    summary: "This description",
    answer: { type: "object" },
    handle: () => openapi(groups, VERSION),
  };
  groups.push({ base, tag: "control", endpoints: [description] });
  return groups;
}

/** Methods and paths that pages of any origin may call. */
function endpointsForPages(
  groups: readonly EndpointGroup[],
): ReadonlySet<string> {
  return new Set(
    groups.flatMap(({ base, endpoints }) =>
      endpoints.filter(({ access }) => access === "page")
        .map(({ method, path }) => `${method} ${base}${path}`)
    ),
  );
}

/** Finds paths that two owners would answer. */
export function clashes(
  routes: readonly MockRoute[],
  groups: readonly EndpointGroup[],
  config: PerfmockConfig,
  routeIndices: readonly number[],
): Issue[] {
  const issues: Issue[] = [];
  const taken = new Map<string, string>();
  for (const { base, tag, endpoints } of groups) {
    for (const { method, path } of endpoints) {
      const key = `${method} ${base}${path}`;
      const owner = taken.get(key);
      if (owner === undefined) taken.set(key, tag);
      else {
        issues.push({
          path: "/plugins",
          message: `Plugins "${owner}" and "${tag}" both answer ${key}`,
          value: key,
        });
      }
    }
  }
  const owners = new Map(
    [...taken].map(([key, tag]) => [key.slice(key.indexOf(" ") + 1), tag]),
  );
  for (const [index, route] of routes.entries()) {
    const tag = route.path === config.control.path ||
        route.path.startsWith(`${config.control.path}/`)
      ? "the control API"
      : owners.get(route.path);
    if (tag === undefined) continue;
    issues.push({
      path: `/routes/${routeIndices[index]}/path`,
      message: `This path is answered by ${
        tag === "the control API" ? tag : `plugin "${tag}"`
      }`,
      value: route.path,
      allowed: "a path of its own",
    });
  }
  return issues;
}

/** Access to the endpoints for pages, whatever the configuration says of mock routes. */
const PAGES = new Cors();

/** Calls that tell nothing but whether the server is there, for programs that cannot send a token, such as a kubelet. */
const PROBES = ["/health/live", "/health/ready"];

/** Access of programs on a server without a token. */
const NO_TOKEN = { token: null };

/** Puts routes and endpoints together for the edge, step by step: endpoints are answered by a Hono app. */
export function* served(
  routes: readonly MockRoute[],
  groups: readonly EndpointGroup[],
  { config, world, absent }: {
    readonly config: PerfmockConfig;
    readonly world: Pick<
      WorldState,
      | "clock"
      | "control"
      | "failures"
      | "fleet"
      | "flow"
      | "powers"
      | "recorder"
      | "session"
    >;
    /** Plugins whose control calls are refused, since this world is a session and they belong to the server. */
    readonly absent: readonly LoadedPlugin[];
  },
): Generator<void, Served> {
  const base = config.control.path;
  const cors = corsOf(config.server.cors);
  const app = new Hono();
  app.onError((error) => {
    world.failures.report(
      { plugin: undefined, member: "control" },
      error,
      () => `Cannot answer a request: ${describeThrown(error)}`,
    );
    return problem({ status: 500, title: "perfmock failed to answer this" });
  });
  // Everything that a call leads to is held to its powers.
  app.use("*", (_, next) => world.powers.call(world.control().allow, next));
  const guarded = groups.flatMap((group) =>
    group.base !== "" ? [] : group.endpoints
      .filter(({ access }) => access === "control").map(({ path }) => path)
  );
  const forPages = endpointsForPages(groups);
  app.use("*", async (context, next) => {
    const incoming = new FetchIncoming(context.req.raw);
    const wanted = `${wantedMethod(incoming)} ${ownPath(context)}`;
    if (!forPages.has(wanted)) return await next();
    if (isPreflight(incoming)) return PAGES.preflight(incoming);
    await next();
    const { headers } = context.res;
    headers.append("vary", "Origin");
    const origin = incoming.header("origin");
    if (origin !== null) PAGES.addHeaders(headers, origin);
  });
  const probes = new Set(PROBES.map((path) => base + path));
  for (const path of [`${base}/*`, ...guarded]) {
    app.use(path, async (context, next) => {
      if (forPages.has(`${context.req.method} ${ownPath(context)}`)) {
        return await next();
      }
      const { raw } = context.req;
      const refusal = refuse(raw, world.control());
      const may = refusal === undefined ||
        probes.has(ownPath(context)) && refuse(raw, NO_TOKEN) === undefined;
      if (!may) return refusal;
      await next();
    });
  }
  const { session } = world;
  const fleet = world.fleet?.door(
    session === undefined ? undefined : [config.sessions.header, session],
  );
  for (const { base, endpoints } of groups) {
    addEndpoints(app, base, { endpoints, fleet });
  }
  for (const { plugin: { name } } of absent) {
    for (const path of [`${base}/${name}`, `${base}/${name}/*`]) {
      app.all(path, () => notInSession(name));
    }
  }
  addFallback(app, base);

  const matcher = yield* Matcher.inSteps(routes);
  const fallback = createFallback(matcher, routes, { cors });
  const own = matcherOf(
    groups.filter(({ base }) => base === "")
      .flatMap(({ endpoints }) => endpoints),
  );
  return {
    matcher,
    cors,
    now: () => world.clock.now(),
    reserved: (path) =>
      path === base || path.startsWith(`${base}/`) ||
      own.find("GET", path) !== undefined,
    endpoints: (request) => app.fetch(request),
    unmatched(incoming, path, unmet) {
      const response = fallback(incoming, path, unmet);
      const { method, url } = incoming;
      world.recorder.unmatched(method, url, response.status);
      return response;
    },
    unread(reason, { method, url }) {
      world.recorder.unread(reason);
      if (reason !== "not_json") world.recorder.unmatched(method, url, 413);
    },
    refused({ method, url }, response) {
      world.recorder.unmatched(method, url, response.status);
      return response;
    },
    flow: world.flow,
  };
}

/** Refuses a control call of a plugin that has no instance in a session: it would reach the server, and with it all others. */
function notInSession(name: string): Response {
  const { code, message } = new PerfmockError(
    "SESSION_CONFINED",
    `Cannot call "${name}" in a session: it belongs to the server, and acts on the server and all sessions`,
  );
  return problem({
    status: 403,
    title: message,
    detail:
      "Use the server's own control API, without the session's header or host name. A load run can have the session's URL as its target",
    code,
  });
}

/**
 * Returns whether a request for a session is one for the server: to a path of a plugin of scope `server` outside of the control API,
 * such as `/metrics`, or to an endpoint for pages, whose URL may have the session's host name.
 */
export function requestsOfServer(
  plugins: readonly RunningPlugin[],
  base: string,
): (method: string, path: string) => boolean {
  const ofServer = plugins.filter(({ plugin }) => plugin.scope === "server");
  const endpoints = matcherOf(
    ofServer.flatMap(({ instance }) => instance.endpoints ?? []),
  );
  const forPages = endpointsForPages(
    ofServer.map(({ plugin: { name }, instance: { control = [] } }) => ({
      base: `${base}/${name}`,
      tag: name,
      endpoints: control,
    })),
  );
  return (method, path) =>
    endpoints.find("GET", path) !== undefined ||
    forPages.has(`${method} ${path}`);
}

function matcherOf(endpoints: readonly Endpoint[]) {
  return new Matcher(
    endpoints.map(({ path }) => ({ methods: ["*"], path })),
  );
}
