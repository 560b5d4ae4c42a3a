/**
 * What degradation does to one route.
 *
 * @module
 */
import type { Route, RouteHooks } from "../../../core/plugin.ts";
import {
  type EdgeParts,
  entrance,
  type Exhaustion,
  gate,
} from "../edge/mod.ts";
import { stopped } from "./gc_pause.ts";
import type { Model } from "./model.ts";
import type { Degradation } from "./parts.ts";
import type { DegradeSettings } from "./settings.ts";

/** A degraded route, prepared. */
export interface DegradedRoute {
  /** Its settings. */
  readonly settings: DegradeSettings;
  /** The route. */
  readonly route: Route;
  /** What it follows. */
  readonly model: Model;
  /** What happens at the edge. */
  readonly exhaustion: Exhaustion | undefined;
}

/** The hooks of a route: it looks at the edge as a request arrives, and enters service after all pools have admitted it. */
export function routeHooks(
  edge: EdgeParts,
  { settings, route, model, exhaustion }: DegradedRoute,
): RouteHooks {
  const enter = {
    order: "post",
    handler: entrance(edge, exhaustion?.settings),
  } as const;
  const stream = route.stream("degrade failures");
  const failing = model.failing && {
    ...model.failing,
    chance: (sequence: number) => stream.uniform(sequence),
  };
  return {
    summary: inWords(settings, model, exhaustion),
    admit: exhaustion === undefined && failing === undefined ? enter : [
      { order: "pre", handler: gate(edge, exhaustion, failing) },
      enter,
    ],
    degrade: degradation(edge, model.degrade),
    ...(resets(exhaustion) && { resets: true }),
  };
}

/** What a model adds, the pause that is under way, and what a process that has just started takes longer. */
function degradation(
  { backend }: EdgeParts,
  model: Degradation | undefined,
): Degradation {
  return (exchange) => {
    const { service, start } = exchange;
    const pause = stopped(backend, start);
    const extra = model === undefined ? 0 : model(exchange);
    backend.serve(service, start);
    return pause + extra + service * backend.coldness(start);
  };
}

function resets(exhaustion: Exhaustion | undefined): boolean {
  const action = exhaustion?.settings.action;
  return action === "connection-reset" || action === "crash";
}

function inWords(
  { model, backend }: DegradeSettings,
  { reads }: Model,
  exhaustion: Exhaustion | undefined,
): string {
  const name = model === "none" ? [] : [`${model} by ${reads}`];
  const place = backend === undefined ? "" : ` on ${backend}`;
  const ends = exhaustion === undefined ? [] : [
    `${DOES[exhaustion.settings.action]} at ${exhaustion.threshold.at}`,
  ];
  return [...name, ...ends].join(", ") + place;
}

const DOES = {
  refuse: "refuses",
  "connection-reset": "resets",
  crash: "crashes",
} as const;
