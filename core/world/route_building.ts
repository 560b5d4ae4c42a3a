/**
 * Builds the mock routes of a configuration: every plugin prepares each of them.
 *
 * @module
 */
import {
  type FaultSettings,
  invalidConfig,
  type RouteSettings,
} from "../config/mod.ts";
import type { PlacedDial } from "./dials.ts";
import type { Issue } from "../errors.ts";
import {
  type FaultAnswer,
  injectedBy,
  inWords,
  prepareFaults,
} from "../pipeline/faults/mod.ts";
import type { Generation } from "../pipeline/flow.ts";
import {
  hookFaults,
  type OfferedHooks,
  planHooks,
  resets,
  summaries,
} from "../pipeline/hooks.ts";
import { prepareOverride } from "../pipeline/overrides.ts";
import type { Dial, Metrics, Route } from "../plugin.ts";
import { streamKey } from "../lib/random/mod.ts";
import type { RunningPlugin } from "./registry.ts";
import { createAnswer } from "../respond/answer.ts";
import { BuiltRoute, RouteView } from "./built_route.ts";
import { coreDials } from "./route_dials.ts";
import { createSourced } from "../respond/sourced.ts";
import { answersOf } from "../respond/sources/mod.ts";
import type { Settings } from "./settings.ts";
import type { TenantParts } from "./tenant_parts.ts";

/** What the routes of a revision are built with. */
export interface RouteBuildingParts {
  /** In the order of their setup. */
  readonly plugins: readonly RunningPlugin[];
  /** The exchanges of the revision. */
  readonly generation: Generation;
  /** What outlives the revision. */
  readonly parts: TenantParts;
}

/** The routes of a revision. */
export interface BuiltRoutes {
  /** In the order in which they are matched. */
  readonly routes: readonly BuiltRoute[];
  /** Their dials. */
  readonly dials: readonly PlacedDial[];
}

/**
 * Builds the routes.
 *
 * @throws PerfmockError with all faults that plugins find
 */
export async function buildRoutes(
  { config, written, routeKeys, kit, parse }: Settings,
  { plugins, generation, parts }: RouteBuildingParts,
): Promise<BuiltRoutes> {
  const keys = await Promise.all(
    config.routes.map((route) => streamKey(config.seed, route.id)),
  );
  const faults: Issue[] = [];
  const dials: PlacedDial[] = [];
  const routes = config.routes.map((route, index) => {
    const view = new RouteView(route, keys[index], parts.sequences);
    const at = `/routes/${index}`;
    const offers: OfferedHooks[] = [];
    for (const { instance, plugin } of plugins) {
      try {
        const own = routeKeys.get(plugin.name) ?? [];
        const hooks = instance.route?.(view, pick(route, own));
        if (hooks) offers.push({ plugin: plugin.name, hooks });
      } catch (error) {
        faults.push(...faultsOf(error, at, plugin.name));
      }
    }
    faults.push(...hookFaults(offers).map((fault) => ({ ...fault, path: at })));
    const context = { cors: config.server.cors, traces: parts.traces };
    const { body, settings } = answerParts(route, {
      route: view,
      metrics: parts.metrics,
    });
    const faultParts = {
      counter: (fault: string) => parts.recorder.fault(route.id, fault),
      answer: (settings: FaultAnswer) => createAnswer(settings, context),
    };
    const routeFaults = prepareFaults(route.faults, {
      ...faultParts,
      stream: view.stream("fault"),
    });
    const overlay = { delay: 0 };
    const own = {
      ...coreDials(overlay, routeFaults, kit),
      ...Object.assign({}, ...offers.map(({ hooks }) => hooks.dials)),
    } as Record<string, Dial>;
    for (const [dial, turned] of Object.entries(own)) {
      dials.push({
        address: { kind: "route", of: route.id, dial },
        dial: turned,
      });
    }
    const needsReset = resets(offers) ||
      route.faults.some(({ action }) => action === "connection-reset");
    return new BuiltRoute({
      route: view,
      hooks: planHooks(offers),
      faults: routeFaults,
      overlay,
      generation,
      replayedBy: offers.map(({ hooks }) => hooks.replayedBy).find((header) =>
        header !== undefined
      ),
      journal: config.journal.capacity === 0 ? undefined : parts.journal,
      override: prepareOverride({
        allowed: config.overrides,
        distribution: (text) => {
          const parsed = parse(text);
          return parsed.issues === undefined ? parsed.value : undefined;
        },
        fault: (kind) =>
          injectedBy(
            typeof kind === "number"
              ? { status: kind }
              : { action: kind as FaultSettings["action"] },
            faultParts,
          ),
        stream: view.stream("service"),
        resets: needsReset || config.server.engine === "node",
      }),
      resets: needsReset,
      summaries: [
        ...summaries(offers),
        ...route.faults.map(inWords),
      ],
      settings: written[index],
      status: route.response.status,
      answer: createAnswer(settings, context),
      body,
    }, parts);
  });
  if (faults.length > 0) throw invalidConfig(faults);
  return { routes, dials };
}

function pick(
  route: RouteSettings,
  keys: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, route.plugins[key]]));
}

/** A plugin's refusal of a route: its own issues where it has some. */
function faultsOf(error: unknown, path: string, plugin: string): Issue[] {
  const issues = (error as { issues?: readonly Issue[] } | null)?.issues ?? [];
  if (issues.length > 0) {
    return issues.map((issue) => ({ ...issue, path: path + issue.path }));
  }
  const message = error instanceof Error ? error.message : String(error);
  return [{ path, message: `Plugin "${plugin}" cannot take it: ${message}` }];
}

/** What a route answers, bound; what its bodies need beside the answer itself. */
function answerParts(
  settings: RouteSettings,
  parts: { readonly route: Route; readonly metrics: Metrics },
) {
  const { status, headers } = settings.response;
  const { source, ...answers } = answersOf(settings, parts);
  const body = source === undefined
    ? undefined
    : createSourced({ source, wire: settings.wire, ...parts });
  return {
    body,
    settings: { status, headers, ...answers, sourced: body?.sourced },
  };
}
