/**
 * Texts with places for values: `/orders/{{id}}`.
 *
 * @module
 */
import type { Issue } from "../../../core/plugin.ts";
import type { Turn } from "../executors/mod.ts";
import type { Template } from "./types.ts";

/** A value by its name, as a function of the turn. */
export type Value = (turn: Turn) => string;

/** How a value is written into a text. */
export type Escape = (value: string) => string;

/** The values there are, and how to find a misspelt one. */
export interface Names {
  /** By name. */
  readonly values: ReadonlyMap<string, Value>;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/** A place: two braces, a name, two braces. */
const PLACE = /\{\{([^{}]*)\}\}/g;

/** The names of a text's places that are not among the values. */
export function templateFaults(
  text: string,
  path: string,
  { values, suggest }: Names,
): Issue[] {
  return [...text.matchAll(PLACE)].flatMap(([place, inner]) => {
    const name = inner.trim();
    if (values.has(name)) return [];
    const suggestion = suggest(name, values.keys());
    return [{
      path,
      message: `There is no value ${JSON.stringify(name)}`,
      value: place,
      allowed: [...values.keys()].join(", "),
      ...(suggestion === undefined ? {} : { suggestion }),
    }];
  });
}

/**
 * Compiles a text whose names were checked.
 *
 * @param escape how a value is written into it; as it is where absent
 */
export function template(
  text: string,
  { values }: Pick<Names, "values">,
  escape: Escape = (value) => value,
): Template {
  const texts: string[] = [];
  const places: Value[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACE)) {
    const value = values.get(match[1].trim());
    if (value === undefined) continue;
    texts.push(text.slice(from, match.index));
    places.push(value);
    from = match.index + match[0].length;
  }
  const rest = text.slice(from);
  if (places.length === 0) {
    return { constant: text, render: () => text };
  }
  return {
    constant: undefined,
    render(turn) {
      let rendered = "";
      for (let i = 0; i < places.length; i++) {
        rendered += texts[i] + escape(places[i](turn));
      }
      return rendered + rest;
    },
  };
}

/** Several texts, one after the other. */
export function joined(templates: readonly Template[]): Template {
  if (templates.every(({ constant }) => constant !== undefined)) {
    const constant = templates.map((part) => part.constant).join("");
    return { constant, render: () => constant };
  }
  return {
    constant: undefined,
    render: (turn) => templates.map((part) => part.render(turn)).join(""),
  };
}

/** As a value is written between the quotes of a JSON string. */
export function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** As a value is written into a header: a line end would begin another. */
export function inHeader(value: string): string {
  return value.replaceAll(/[\r\n\0]/g, " ");
}
