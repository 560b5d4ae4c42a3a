import { suggest, toPointer } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { BuiltRoute } from "../world/built_route.ts";
import type { Source, Target, Traffic } from "./traffic.ts";

/** The most users of a source: each has a timer of the clock. */
const MOST_USERS = 100_000;

/** All that is wrong with a traffic. */
export function trafficFaults(
  traffic: Traffic,
  routes: readonly BuiltRoute[],
): Issue[] {
  const book = new FaultBook();
  const { duration, exchanges, sources } = traffic;
  if (duration === undefined && exchanges === undefined) {
    book.add(
      [],
      "A run without a duration or a number of exchanges has no end",
    );
  }
  book.atLeast0(["duration"], duration);
  if (exchanges !== undefined && !isCount(exchanges)) {
    book.add(["exchanges"], "Must be a whole number, at least 1", exchanges);
  }
  const names = new Set<string>();
  for (const [index, source] of sources.entries()) {
    const at = ["sources", index];
    if (names.has(source.name)) {
      book.add([...at, "name"], "Two sources have this name", source.name);
    }
    names.add(source.name);
    sourceFaults(source, at, book);
    for (const [place, target] of source.targets.entries()) {
      targetFaults(target, [...at, "targets", place], { routes, book });
    }
  }
  return book.issues;
}

type Path = readonly (string | number)[];

class FaultBook {
  readonly issues: Issue[] = [];

  add(path: Path, message: string, value?: unknown): void {
    this.issues.push({
      path: toPointer(path),
      message,
      ...value !== undefined && { value },
    });
  }

  atLeast0(path: Path, value: number | undefined): void {
    if (value !== undefined && !(value >= 0)) {
      this.add(path, "Must be at least 0", value);
    }
  }
}

function sourceFaults(source: Source, at: Path, book: FaultBook): void {
  book.atLeast0([...at, "start"], source.start);
  book.atLeast0([...at, "duration"], source.duration);
  if (source.targets.length === 0) {
    book.add([...at, "targets"], "Must have at least 1 entry, received 0");
  }
  if ("users" in source) {
    if (!isCount(source.users) || source.users > MOST_USERS) {
      book.add(
        [...at, "users"],
        `Must be a whole number from 1 to ${MOST_USERS}`,
        source.users,
      );
    }
  } else if (source.maxInFlight !== undefined && !isCount(source.maxInFlight)) {
    book.add(
      [...at, "maxInFlight"],
      "Must be a whole number, at least 1",
      source.maxInFlight,
    );
  }
}

function targetFaults(
  { route: id, method, weight }: Target,
  at: Path,
  { routes, book }: {
    readonly routes: readonly BuiltRoute[];
    readonly book: FaultBook;
  },
): void {
  const ids = routes.map(({ parts }) => parts.route.id);
  const route = routes.find(({ parts }) => parts.route.id === id);
  if (route === undefined) {
    book.issues.push({
      path: toPointer([...at, "route"]),
      message: `There is no route ${JSON.stringify(id)}`,
      value: id,
      allowed: ids.join(", "),
      suggestion: suggest(id, ids),
    });
  } else if (
    method !== undefined && !route.methods.includes("*") &&
    !route.methods.includes(method)
  ) {
    book.issues.push({
      path: toPointer([...at, "method"]),
      message: `Route ${JSON.stringify(id)} does not take this method`,
      value: method,
      allowed: route.methods.join(", "),
    });
  }
  if (weight !== undefined && !(weight > 0 && weight < Infinity)) {
    book.add([...at, "weight"], "Must be greater than 0 and finite", weight);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
