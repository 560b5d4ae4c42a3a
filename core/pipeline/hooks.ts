/**
 * From what each plugin returns for a route to the hooks of that route, in the order in which they run.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { PlannedHooks } from "./plan.ts";
import type { Hook, RouteHooks } from "../plugin.ts";

/** The hooks that one plugin returned for a route. */
export interface OfferedHooks {
  /** The plugin's name. */
  readonly plugin: string;
  /** What its `route` returned. */
  readonly hooks: RouteHooks;
}

/** What a plugin says of its hooks, beside them. */
const SAYINGS = {
  summary: true,
  replayedBy: true,
  dials: true,
  resets: true,
} as const;

/** The hooks there are, in the order of the life of a request. A Record, so that the compiler notices one that is missing. */
const STAGES: Readonly<
  Record<Exclude<keyof RouteHooks, keyof typeof SAYINGS>, true>
> = {
  admit: true,
  serve: true,
  degrade: true,
  respond: true,
  observe: true,
};

const PLACES = { pre: 0, normal: 1, post: 2 } as const;

/** What is wrong with offered hooks: unknown names, things that are no functions, two that serve. Paths are left empty. */
export function hookFaults(offers: readonly OfferedHooks[]): Issue[] {
  const faults: Issue[] = [];
  const serving: string[] = [];
  for (const { plugin, hooks } of offers) {
    for (const [name, hook] of each(hooks)) {
      if (!Object.hasOwn(STAGES, name)) {
        faults.push({
          path: "",
          message: `Plugin "${plugin}" offers an unknown hook "${name}"`,
          value: name,
          allowed: Object.keys(STAGES).join(", "),
          suggestion: suggest(name, Object.keys(STAGES)),
        });
      } else if (typeof handlerOf(hook) !== "function") {
        faults.push({
          path: "",
          message:
            `Plugin "${plugin}" offers a hook "${name}" that is not a function`,
          allowed:
            'a function, or { order: "pre" | "post", handler: a function }',
        });
      } else if (isPlaced(hook) && !isPlace(hook.order)) {
        faults.push({
          path: "",
          message:
            `Plugin "${plugin}" offers a hook "${name}" with an unknown order`,
          value: hook.order,
          allowed: '"pre" or "post"',
        });
      } else if (name === "serve") serving.push(plugin);
    }
  }
  if (serving.length > 1) {
    faults.push({
      path: "",
      message: `Only one plugin can serve a route, but ${
        serving.map((plugin) => `"${plugin}"`).join(" and ")
      } do`,
      suggestion: "Remove the route keys of all but one of them",
    });
  }
  return faults;
}

/** What the plugins do to a route, in words. */
export function summaries(offers: readonly OfferedHooks[]): string[] {
  return offers.flatMap(({ hooks }) => hooks.summary ?? []);
}

/** Whether one of the plugins may reset a connection of the route. */
export function resets(offers: readonly OfferedHooks[]): boolean {
  return offers.some(({ hooks }) => hooks.resets === true);
}

/** Puts hooks in order: stage, then pre and post, then the plugins' order. */
export function planHooks(offers: readonly OfferedHooks[]): PlannedHooks {
  return {
    admit: ordered(offers.flatMap(({ hooks }) => hooks.admit)),
    serve: ordered(offers.map(({ hooks }) => hooks.serve)).at(0),
    degrade: ordered(offers.map(({ hooks }) => hooks.degrade)),
    respond: ordered(offers.map(({ hooks }) => hooks.respond)),
    observe: ordered(offers.map(({ hooks }) => hooks.observe)),
  };
}

/** All hooks that are there, with their names: those of a list one by one. */
function each(hooks: RouteHooks): [name: string, hook: unknown][] {
  return Object.entries(hooks).flatMap(([name, given]) => {
    if (given === undefined || Object.hasOwn(SAYINGS, name)) return [];
    const list = name === "admit" && Array.isArray(given) ? given : [given];
    return list.map((hook): [string, unknown] => [name, hook]);
  });
}

function ordered<F>(hooks: readonly (Hook<F> | undefined)[]): F[] {
  return hooks
    .filter((hook) => hook !== undefined)
    .map((hook, index) => ({ hook, index, place: placeOf(hook) }))
    .sort((a, b) => a.place - b.place || a.index - b.index)
    .map(({ hook }) => handlerOf(hook));
}

/** The types say so; a plugin may be plain JavaScript. */
function isPlace(order: unknown): boolean {
  return order === "pre" || order === "post";
}

function placeOf<F>(hook: Hook<F>): number {
  return PLACES[isPlaced(hook) ? hook.order : "normal"];
}

function handlerOf<F>(hook: Hook<F>): F {
  return isPlaced(hook) ? hook.handler : hook;
}

function isPlaced<F>(
  hook: Hook<F>,
): hook is { readonly order: "pre" | "post"; readonly handler: F } {
  return typeof hook === "object" && hook !== null && "handler" in hook;
}
