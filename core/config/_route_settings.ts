/**
 * The types of a route's method, path and headers, and the default of its id.
 *
 * @module
 */
import { TrieRouter } from "hono/router/trie-router";
import { z } from "zod";
import { patternProblem } from "./_path_patterns.ts";
import { valueInWords } from "./words.ts";
import type { WhenSettings } from "./when_settings.ts";

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Type of the name of a header. */
export const HEADER_NAME: z.ZodType<string> = z.string().regex(TOKEN, {
  error: (issue) =>
    `Must be the name of a header, received ${valueInWords(issue.input)}`,
}).meta({ description: "the name of a header" });

/** Type of `method`: a method, a list of methods, or "*". Parsed to a list in upper case, without duplicates. */
export const METHODS: z.ZodType<string[]> = z.union([
  z.string(),
  z.array(z.string()).min(1),
]).meta({
  description: 'a method such as "GET", a list of methods, or "*" for any',
  examples: ["GET", ["GET", "POST"], "*"],
}).transform((written, context) => {
  const list = typeof written === "string" ? [written] : written;
  for (const [index, method] of list.entries()) {
    if (TOKEN.test(method) && (method !== "*" || list.length === 1)) continue;
    context.addIssue({
      code: "custom",
      path: typeof written === "string" ? [] : [index],
      message: `Not a method: ${JSON.stringify(method)}`,
      params: {
        allowed: 'a method such as "GET" or "POST", or "*" by itself',
      },
    });
  }
  return [...new Set(list.map((method) => method.toUpperCase()))];
});

/** Methods of a route that names none: GET, and POST too where it is for GraphQL. */
export function defaultMethods(when: WhenSettings | undefined): string[] {
  return when?.some(({ part }) => part === "graphql")
    ? ["GET", "POST"]
    : ["GET"];
}

/** Methods of a route as written, in upper case; those that are no text are left out. */
export function methodsOf(written: unknown, when?: WhenSettings): string[] {
  if (written === undefined) return defaultMethods(when);
  const list = Array.isArray(written) ? written : [written ?? "GET"];
  return list.filter((method) => typeof method === "string")
    .map((method) => method.toUpperCase());
}

/** Greatest length of a route's path, in characters. */
export const MAX_PATH = 8192;

/** Type of `path`, in Hono's syntax. */
export const PATH: z.ZodType<string> = z.string().meta({
  description: 'a path such as "/api/orders/:id" or "/files/*"',
  examples: ["/api/orders/:id"],
}).superRefine((path, context) => {
  const refuse = (message: string, suggestion?: string) =>
    context.addIssue({
      code: "custom",
      message,
      params: {
        allowed: 'a path such as "/api/orders/:id" or "/files/*"',
        suggestion,
      },
    });
  const problem = path.length <= MAX_PATH ? patternProblem(path) : undefined;
  if (path.length > MAX_PATH) {
    refuse(`A path has at most ${MAX_PATH} characters`);
  } else if (!path.startsWith("/")) {
    refuse(
      "A path starts with a slash",
      `/${path.replace(/^\w+:\/\/[^/]*\//, "")}`,
    );
  } else if (/[?#]/.test(path.replaceAll(/\/:[^/]+\?(?=\/|$)/g, ""))) {
    refuse(
      "A path has no query and no fragment: routes are matched without them",
      path.split(/[?#]/, 1)[0],
    );
  } else if (/\/{2,}/.test(path)) {
    refuse("A path has no empty segments", path.replaceAll(/\/{2,}/g, "/"));
  } else if (/[\s\p{Cc}]/u.test(path)) {
    refuse("A path has no white space: write it as %20");
  } else if (problem !== undefined) {
    context.addIssue({
      code: "custom",
      message: problem,
      params: {
        allowed:
          "an expression that matches in a time in proportion to the path's length, such as {[0-9]+} or {.+\\.png}",
      },
    });
  } else if (!isRoutable(path)) {
    refuse(`Cannot match the path ${JSON.stringify(path)}`);
  }
});

/** Asks Hono itself, since a path may contain regular expressions. */
function isRoutable(path: string): boolean {
  try {
    new TrieRouter<number>().add("GET", path, 0);
    return true;
  } catch {
    return false;
  }
}

/** Headers that the server writes: setting them would break the message or the measurement. */
const RESERVED: ReadonlySet<string> = new Set([
  "content-length",
  "date",
  "perfmock-sequence",
  "server-timing",
  "transfer-encoding",
]);

// Printable characters without line breaks, so that a value cannot end its header.
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Type of a response's headers: a value, or a list of values, by name. */
export const HEADERS: z.ZodType<Record<string, string | string[]>> = z.record(
  z.string(),
  z.union([z.string(), z.array(z.string()).min(1)]).meta({
    description: 'a value such as "no-store", or a list of values',
    examples: ["no-store", ["sid=1; HttpOnly", "theme=dark"]],
  }),
).superRefine(
  (headers, context) => {
    for (const [name, values] of Object.entries(headers)) {
      const refuse = (
        message: string,
        allowed: string,
        index?: number | false,
      ) =>
        context.addIssue({
          code: "custom",
          path: typeof index === "number" ? [name, index] : [name],
          message,
          params: { allowed },
        });
      const list = [values].flat();
      const unfit = list.findIndex((value) => !VALUE.test(value));
      if (!TOKEN.test(name)) {
        refuse(
          `Not the name of a header: ${JSON.stringify(name)}`,
          "letters, digits and -",
        );
      } else if (RESERVED.has(name.toLowerCase())) {
        refuse(`The server writes the header "${name}" itself`, "any other");
      } else if (
        name.toLowerCase() === "connection" &&
        !(list.length === 1 && list[0].toLowerCase() === "close")
      ) {
        refuse(
          `The server writes the header "${name}" itself, except to close connections`,
          '"close"',
        );
      } else if (unfit >= 0) {
        refuse(
          `The header "${name}" contains a character that is not allowed in headers`,
          "one line of Latin-1 text",
          Array.isArray(values) && unfit,
        );
      }
    }
  },
);
