/**
 * Paths of routes: from other tools' forms to perfmock's, and in an order in which none hides another.
 *
 * @module
 */
import type { Draft, DraftRoute } from "./draft.ts";

/** Returns text as part of a path that means nothing but itself; undefined where a path cannot contain it. */
export function literalSegment(text: string): string | undefined {
  // A colon at the start, a star and a brace have a meaning, and there is no escape.
  return text.startsWith(":") || /[*{}?#]/.test(text)
    ? undefined
    : text.replaceAll(/\s/g, encodeURIComponent);
}

/** Characters that have a meaning in an expression. */
const SPECIAL = /[.*+?^${}()|[\]\\/]/g;

/** Returns an expression that matches a text. */
export function expressionOf(text: string): string {
  return text.replaceAll(SPECIAL, (character) => `\\${character}`);
}

/** Makes a name of a parameter of letters, digits and _. */
export function parameterName(name: string): string {
  const cleaned = name.replaceAll(/[^A-Za-z0-9_]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  return cleaned === "" || /^\d/.test(cleaned) ? `p${cleaned}` : cleaned;
}

/** A path that was converted, or the reason why it cannot be. */
export type PathReading =
  | { readonly path: string; readonly reason?: undefined }
  | { readonly reason: string };

/**
 * Converts a path with parameters in braces, `/orders/{id}`, as OpenAPI and WireMock write them. A segment of several parts, such as
 * `{name}.json` or `{a}-{b}`, becomes a parameter with an expression.
 */
export function braced(path: string): PathReading {
  return segmentsTo(path, (segment) => {
    if (!/[{}]/.test(segment)) return literalSegment(segment);
    const whole = /^\{\+?([^{}]+)\}$/.exec(segment);
    if (whole !== null) return `:${parameterName(whole[1])}`;
    const parts = segment.split(/(\{[^{}]*\})/);
    const names = parts.flatMap((part) => /^\{(.*)\}$/.exec(part)?.[1] ?? []);
    if (
      names.length === 0 ||
      /[{}]/.test(parts.filter((p) => !/^\{.*\}$/.test(p)).join(""))
    ) {
      return undefined;
    }
    const expression = parts.map((part) =>
      part === "" ? "" : part.startsWith("{") ? "[^/]+" : expressionOf(part)
    ).join("");
    // Two open parts next to each other, or before one another, match in many ways: the whole segment stands for them.
    return `:${names.map(parameterName).join("_")}${
      names.length > 1 ? "" : `{${expression}}`
    }`;
  });
}

/** Converts a path in Express's syntax, `/orders/:id`, as Mockoon writes them. */
export function express(path: string): PathReading {
  return segmentsTo(path, (segment) => {
    if (segment === "*" || segment === "(.*)") return "*";
    const parameter = /^:([A-Za-z0-9_]+)(?:\(([^)]*)\))?(\?)?$/.exec(segment);
    if (parameter !== null) {
      const [, name, expression, optional = ""] = parameter;
      return `:${parameterName(name)}${
        expression === undefined || expression === "" ? "" : `{${expression}}`
      }${optional}`;
    }
    if (/[:(]/.test(segment)) {
      // Several parts: literal text and parameters without expressions.
      if (/[()*]/.test(segment)) return undefined;
      const names = [...segment.matchAll(/:([A-Za-z0-9_]+)/g)].map(([, name]) =>
        name
      );
      return names.length === 0 ? undefined : `:${names.join("_")}`;
    }
    return literalSegment(segment);
  });
}

/**
 * Converts a regular expression that matches a whole path, as far as each segment can be matched by itself.
 *
 * @param source such as `/orders/[0-9]+` or `/files/.*`
 */
export function matched(source: string): PathReading {
  const bare = source.replace(/^\^/, "").replace(/\$$/, "")
    .replaceAll("\\/", "/");
  if (!bare.startsWith("/")) {
    return bare === ".*" || bare === ".+"
      ? { path: "/*" }
      : { reason: "a path expression that does not begin with a slash" };
  }
  let number = 0;
  return segmentsTo(bare, (segment, isLast) => {
    if (isLast && /^(?:\(?\.[*+]\)?)$/.test(segment)) return "*";
    const text = unescaped(segment);
    if (text !== undefined) return literalSegment(text);
    if (/^\(?(?:\.[*+]|\[\^\/\][*+])\)?$/.test(segment)) return `:p${++number}`;
    const inner = segment.replaceAll(/\(\?<[^>]*>/g, "(");
    return balanced(inner) ? `:p${++number}{${inner}}` : undefined;
  });
}

/** Returns the text that an expression without operators matches. */
function unescaped(expression: string): string | undefined {
  let text = "";
  for (let at = 0; at < expression.length; at++) {
    const character = expression[at];
    if (character === "\\") {
      const next = expression[++at] ?? "";
      if (!/[^A-Za-z0-9]/.test(next)) return undefined;
      text += next;
    } else if (/[*+?^${}()|[\]]/.test(character)) return undefined;
    else if (character === "." && /[*+?{]/.test(expression[at + 1] ?? "")) {
      return undefined;
    } else text += character;
  }
  return text;
}

/** Returns whether groups, classes and braces are closed where they were opened. */
function balanced(expression: string): boolean {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = {
    ")": "(",
    "]": "[",
    "}": "{",
  };
  for (let at = 0; at < expression.length; at++) {
    const character = expression[at];
    if (character === "\\") at++;
    else if (open.at(-1) === "[") {
      if (character === "]") open.pop();
    } else if ("([{".includes(character)) open.push(character);
    else if (character in pairs && open.pop() !== pairs[character]) {
      return false;
    }
  }
  return open.length === 0;
}

/** Splits a path at slashes outside of classes and groups. */
function split(path: string): string[] {
  const segments: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < path.length; at++) {
    const character = path[at];
    if (character === "\\") at++;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "/" && depth <= 0) {
      segments.push(path.slice(start, at));
      start = at + 1;
    }
  }
  segments.push(path.slice(start));
  return segments;
}

function segmentsTo(
  path: string,
  convert: (segment: string, isLast: boolean) => string | undefined,
): PathReading {
  const segments = split(path.startsWith("/") ? path.slice(1) : path);
  const converted: string[] = [];
  const names = new Map<string, number>();
  for (const [index, segment] of segments.entries()) {
    const one = convert(segment, index === segments.length - 1);
    if (one === undefined) {
      return { reason: "a path with a part that routes cannot have" };
    }
    // A name that occurs twice in a path would be lost.
    const named = /^:(\w+)/.exec(one)?.[1];
    if (named === undefined) {
      converted.push(one);
      continue;
    }
    const count = (names.get(named) ?? 0) + 1;
    names.set(named, count);
    converted.push(
      count === 1 ? one : `:${named}${count}${one.slice(named.length + 1)}`,
    );
  }
  return { path: `/${converted.join("/")}` };
}

/** Path with all parameters named alike: two paths of one shape match the same requests. */
export function shapeOf(path: string): string {
  return path.replaceAll(/\/:\w+(\{)?/g, (_, brace = "") => `/:${brace}`);
}

/** Places of segments in the order of routes: the most particular one first. */
function rank(segment: string | undefined): number {
  if (segment === undefined) return 0;
  if (segment === "*") return 5;
  if (!segment.startsWith(":")) return 1;
  if (segment.endsWith("?")) return 4;
  return segment.includes("{") ? 2 : 3;
}

function compare(a: DraftRoute, b: DraftRoute): number {
  const first = split(a.path.slice(1));
  const second = split(b.path.slice(1));
  const shared = Math.max(first.length, second.length);
  for (let at = 0; at < shared; at++) {
    const difference = rank(first[at]) - rank(second[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function conditions({ when = {} }: DraftRoute): number {
  return Object.values(when).reduce<number>(
    (sum, part) =>
      sum +
      (typeof part === "object" && part !== null
        ? Math.max(1, Object.keys(part).length)
        : 1),
    0,
  );
}

/**
 * Puts routes in an order in which none hides another: literal paths before parameters, these before stars, and conditions before
 * none. Routes of the same method, shape and conditions as one before are left out, and counted.
 *
 * @returns the routes, each with an id of its own
 */
export function arranged(draft: Draft): DraftRoute[] {
  const seen = new Map<string, DraftRoute>();
  const ids = new Set<string>();
  // Places of the first routes of each shape: those of other shapes keep their order.
  const firsts = new Map<string, number>();
  return draft.routes
    .filter((route) => {
      const methods = [route.method].flat();
      const keys = methods.map((method) =>
        JSON.stringify([method, shapeOf(route.path), route.when ?? null])
      );
      if (keys.every((key) => seen.has(key))) {
        draft.leave(
          "hidden by an earlier one of the same method, path and conditions",
          route.place,
        );
        return false;
      }
      for (const key of keys) seen.set(key, route);
      return true;
    })
    .map((route, index) => {
      const shape = shapeOf(route.path);
      const first = firsts.get(shape) ?? index;
      firsts.set(shape, first);
      return { route, index, first };
    })
    .sort((a, b) =>
      compare(a.route, b.route) || a.first - b.first ||
      Number(a.route.method === "*") - Number(b.route.method === "*") ||
      conditions(b.route) - conditions(a.route) || a.index - b.index
    )
    .map(({ route }) => {
      const base = route.id ?? wordsOf(route);
      let id = base;
      for (let number = 2; ids.has(id); number++) id = `${base}-${number}`;
      ids.add(id);
      return { ...route, id };
    });
}

/** Id of a route: method and path in words, and its operation. */
function wordsOf({ method, path, when }: DraftRoute): string {
  const methods = [method].flat().map((one) =>
    one === "*" ? "any" : one.toLowerCase()
  );
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const operation = Reflect.get(Object(when?.graphql), "operation");
  return [
    ...methods,
    ...words.length === 0 ? ["root"] : words,
    ...typeof operation === "string" ? [operation] : [],
  ].join("-").slice(0, 120);
}
