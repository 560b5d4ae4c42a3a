/**
 * Finds routes that an earlier one hides: `/users/me` after `/users/:id`, anything after `/*`. Patterns are kept in a tree, so that
 * the time is about in proportion to their length. A route with conditions hides those that demand as much or more.
 *
 * A route is reported only where it can be proven that no request reaches it: what an expression in braces matches is known for
 * literal text only.
 *
 * @module
 */
import { checkOptionalParameter } from "hono/utils/url";
import { implies } from "./_implied_conditions.ts";
import { patternProblem } from "./_path_patterns.ts";
import type { WhenSettings } from "./when_settings.ts";

/** A route as messages name it. */
export interface NamedRoute {
  readonly id: string;
  readonly methods: readonly string[];
  readonly path: string;
  /** Conditions; undefined for none. */
  readonly when?: WhenSettings | undefined;
}

/** One segment of a pattern. */
type Segment =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "any" }
  /** The rest of a path, or nothing. */
  | { readonly kind: "rest" }
  /** An expression, or what the routers read in ways of their own, such as * before a slash; it covers itself. */
  | {
    readonly kind: "expression";
    readonly text: string;
    readonly matches: RegExp | undefined;
  };

/** Greatest number of routes with conditions at one place that one route is compared with; of more, those with equal conditions. */
const COMPARED = 64;

/** Routes of one method that end at a place of the tree. */
class Ending {
  /** The first without conditions, which is the last that answers. */
  #open: NamedRoute | undefined = undefined;
  readonly #some: NamedRoute[] = [];
  /** Those with conditions by the text of these. */
  readonly #same = new Map<string, NamedRoute>();

  add(route: NamedRoute): void {
    if (this.#open !== undefined) return;
    const { when } = route;
    if (when === undefined) {
      this.#open = route;
      return;
    }
    if (this.#some.length < COMPARED) this.#some.push(route);
    const text = JSON.stringify(when);
    if (!this.#same.has(text)) this.#same.set(text, route);
  }

  /** Finds a route that answers all requests which meet some conditions. */
  covering(when: WhenSettings | undefined): NamedRoute | undefined {
    if (when === undefined) return this.#open;
    return this.#same.get(JSON.stringify(when)) ??
      this.#some.find((route) => implies(when, route.when ?? [])) ??
      this.#open;
  }
}

/** Routes that end at a place of the tree, by method. */
type Ends = Map<string, Ending>;

interface Node {
  readonly texts: Map<string, Node>;
  readonly expressions: Map<
    string,
    { matches: RegExp | undefined; node: Node }
  >;
  any: Node | undefined;
  readonly ends: Ends;
  readonly rests: Ends;
}

/** Greatest number of places of the tree at which one pattern is compared: of more, the rest hides nothing. */
const PLACES = 64;

/** Routes in the order in which they are matched. */
export class RouteTree {
  readonly #root = newNode();

  /** Adds a route, after those that come before it. */
  add(route: NamedRoute): void {
    for (const segments of expansionsOf(route.path)) {
      let node = this.#root;
      let ends = node.ends;
      for (const segment of segments) {
        if (segment.kind === "rest") {
          ends = node.rests;
          break;
        }
        node = childFor(node, segment);
        ends = node.ends;
      }
      for (const method of route.methods) {
        let ending = ends.get(method);
        if (ending === undefined) ends.set(method, ending = new Ending());
        ending.add(route);
      }
    }
  }

  /** Finds a route that takes all that another one takes with one of its methods. */
  hiding(
    { methods, path, when }: Pick<NamedRoute, "methods" | "path" | "when">,
  ): { readonly method: string; readonly by: NamedRoute } | undefined {
    const expansions = expansionsOf(path).map((segments) =>
      this.#endsCovering(segments)
    );
    for (const method of methods) {
      const hidden = expansions.map((covering) =>
        covering.map((ends) =>
          ends.get(method)?.covering(when) ?? ends.get("*")?.covering(when)
        ).find((by) => by !== undefined)
      );
      const [by] = hidden;
      if (by !== undefined && hidden.every((each) => each !== undefined)) {
        return { method, by };
      }
    }
  }

  /** Ends of all patterns that match everything that a pattern matches. */
  #endsCovering(segments: readonly Segment[]): Ends[] {
    const found: Ends[] = [];
    let nodes = [this.#root];
    for (const segment of segments) {
      found.push(...nodes.map((node) => node.rests));
      if (segment.kind === "rest") return found;
      nodes = nodes.flatMap((node) => [...covering(node, segment)])
        .slice(0, PLACES);
    }
    return [...found, ...nodes.flatMap(({ ends, rests }) => [ends, rests])];
  }
}

function newNode(): Node {
  return {
    texts: new Map(),
    expressions: new Map(),
    any: undefined,
    ends: new Map(),
    rests: new Map(),
  };
}

function childFor(
  node: Node,
  segment: Exclude<Segment, { readonly kind: "rest" }>,
): Node {
  if (segment.kind === "any") return node.any ??= newNode();
  const { text } = segment;
  if (segment.kind === "text") {
    const child = node.texts.get(text) ?? newNode();
    node.texts.set(text, child);
    return child;
  }
  const known = node.expressions.get(text);
  if (known !== undefined) return known.node;
  const child = newNode();
  node.expressions.set(text, { matches: segment.matches, node: child });
  return child;
}

/** Places after a segment that matches all that another one matches. */
function* covering(
  node: Node,
  segment: Exclude<Segment, { readonly kind: "rest" }>,
): Iterable<Node> {
  if (segment.kind === "any") {
    if (node.any !== undefined) yield node.any;
    return;
  }
  const { text } = segment;
  if (segment.kind === "expression") {
    // One that matches a slash is longer than a segment, so that only its like covers it.
    const same = node.expressions.get(text);
    if (same !== undefined) yield same.node;
    return;
  }
  const same = node.texts.get(text);
  if (same !== undefined) yield same;
  if (text === "") return;
  if (node.any !== undefined) yield node.any;
  for (const { matches, node: child } of node.expressions.values()) {
    if (matches?.test(text)) yield child;
  }
}

/** Segments of a pattern; of each of its forms, if it ends with an optional parameter. */
function expansionsOf(path: string): Segment[][] {
  const safe = patternProblem(path) === undefined;
  return (checkOptionalParameter(path) ?? [path]).map((form) => {
    const texts = split(form);
    return texts.map((text, index): Segment => {
      const last = index === texts.length - 1;
      if (text === "*" && last) return { kind: "rest" };
      if (/^:[^:*{}?]+$/.test(text)) return { kind: "any" };
      if (/^[^:*{}?]*$/.test(text)) return { kind: "text", text };
      const [, source] = /^:[^{}]+\{(.+)\}$/.exec(text) ?? [];
      return {
        kind: "expression",
        text: text.replace(/^:[^{}]+\{/, ":{"),
        // The routers put their own anchors beside an alternative.
        matches: safe && last && source !== undefined && !source.includes("|")
          ? expression(source)
          : undefined,
      };
    });
  });
}

function expression(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    // The schema reports it.
    return undefined;
  }
}

/** Splits at slashes outside of braces. */
function split(path: string): string[] {
  const texts: string[] = [];
  let depth = 0;
  let from = 1;
  for (let at = 1; at < path.length; at++) {
    const character = path[at];
    if (character === "\\") at++;
    else if (character === "{") depth++;
    else if (character === "}") depth--;
    else if (character === "/" && depth <= 0) {
      texts.push(path.slice(from, at));
      from = at + 1;
    }
  }
  return [...texts, path.slice(from)];
}
