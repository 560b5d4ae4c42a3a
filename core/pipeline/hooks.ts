/**
 * The hooks of a route: takes the hooks that each plugin offers, and puts them into the order in which they run.
 *
 * @module
 */
import { suggest } from "../lib/suggest.ts";
import type { Issue } from "../errors.ts";
import type { PlannedHooks, Stage } from "./exchange.ts";
import type { Admit, Hook, RouteHooks } from "../plugin.ts";

/** The hooks that one plugin returned for a route. */
export interface OfferedHooks {
  /** The plugin's name. */
  readonly plugin: string;
  /** Result of its `route`. */
  readonly hooks: RouteHooks;
}

/** Properties of {@linkcode RouteHooks} that describe the hooks and are none themselves. */
const DESCRIPTIONS = {
  summary: true,
  replayedBy: true,
  dials: true,
  resets: true,
} as const;

/** All hooks, in the order of the life of a request. A Record, so that the compiler notices a missing one. */
const STAGES: Readonly<Record<Stage, true>> = {
  admit: true,
  serve: true,
  degrade: true,
  respond: true,
  observe: true,
};

const PLACES = { pre: 0, normal: 1, post: 2 } as const;

/** Finds unknown hooks, hooks that are no functions, and two hooks that serve. The paths of the issues are empty. */
export function hookIssues(offers: readonly OfferedHooks[]): Issue[] {
  const issues: Issue[] = [];
  const serving: string[] = [];
  for (const { plugin, hooks } of offers) {
    for (const [name, hook] of each(hooks)) {
      if (!Object.hasOwn(STAGES, name)) {
        issues.push({
          path: "",
          message: `Plugin "${plugin}" offers an unknown hook "${name}"`,
          value: name,
          allowed: Object.keys(STAGES).join(", "),
          suggestion: suggest(name, Object.keys(STAGES)),
        });
      } else if (typeof handlerOf(hook) !== "function") {
        issues.push({
          path: "",
          message:
            `Plugin "${plugin}" offers a hook "${name}" that is not a function`,
          allowed:
            'a function, or { order: "pre" | "post", handler: a function }',
        });
      } else if (isPlaced(hook) && !isPlace(hook.order)) {
        issues.push({
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
    issues.push({
      path: "",
      message: `Only one plugin can serve a route, but ${
        serving.map((plugin) => `"${plugin}"`).join(" and ")
      } do`,
      suggestion: "Remove the route keys of all but one of them",
    });
  }
  return issues;
}

/** Describes in words what the plugins do to a route. */
export function summaries(offers: readonly OfferedHooks[]): string[] {
  return offers.flatMap(({ hooks }) => hooks.summary ?? []);
}

/** True where one of the plugins may reset a connection of the route. */
export function resets(offers: readonly OfferedHooks[]): boolean {
  return offers.some(({ hooks }) => hooks.resets === true);
}

/** Puts hooks in order: stage, then pre and post, then the plugins' order. */
export function planHooks(offers: readonly OfferedHooks[]): PlannedHooks {
  const admit = ordered(
    offers,
    ({ admit }) => (Array.isArray(admit) ? admit : [admit]) as Hook<Admit>[],
  );
  const serve = ordered(offers, ({ serve }) => [serve]);
  const degrade = ordered(offers, ({ degrade }) => [degrade]);
  const respond = ordered(offers, ({ respond }) => [respond]);
  const observe = ordered(offers, ({ observe }) => [observe]);
  return {
    admit: admit.hooks,
    serve: serve.hooks.at(0),
    degrade: degrade.hooks,
    respond: respond.hooks,
    observe: observe.hooks,
    plugins: {
      admit: admit.plugins,
      serve: serve.plugins,
      degrade: degrade.plugins,
      respond: respond.plugins,
      observe: observe.plugins,
    },
  };
}

/** All hooks that are there, with their names: those of a list one by one. */
function each(hooks: RouteHooks): [name: string, hook: unknown][] {
  return Object.entries(hooks).flatMap(([name, given]) => {
    if (given === undefined || Object.hasOwn(DESCRIPTIONS, name)) return [];
    const list = name === "admit" && Array.isArray(given) ? given : [given];
    return list.map((hook): [string, unknown] => [name, hook]);
  });
}

/** The hooks of one stage in their order, and the plugins they belong to. Sorting is stable: the plugins' order holds within a place. */
function ordered<F>(
  offers: readonly OfferedHooks[],
  of: (hooks: RouteHooks) => readonly (Hook<F> | undefined)[],
): { readonly hooks: F[]; readonly plugins: string[] } {
  const found = offers
    .flatMap(({ plugin, hooks }) => of(hooks).map((hook) => ({ plugin, hook })))
    .filter((offer): offer is { plugin: string; hook: Hook<F> } =>
      offer.hook !== undefined
    )
    .sort((a, b) => placeOf(a.hook) - placeOf(b.hook));
  return {
    hooks: found.map(({ hook }) => handlerOf(hook)),
    plugins: found.map(({ plugin }) => plugin),
  };
}

/** Checked at run time: a plugin may be plain JavaScript. */
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
