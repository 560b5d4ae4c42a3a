/**
 * Parses a script: from its text or its value to a script that can be run, or to all of its errors.
 *
 * @module
 */
import { resolve } from "node:path";
import { withoutExtensions } from "../../../core/find.ts";
import {
  type DialAddress,
  type Issue,
  PerfmockError,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import { inMilliseconds } from "../report/mod.ts";
import { scriptSchema, type Written, type WrittenCliff } from "./schema.ts";
import type {
  CliffSettings,
  ProbeSettings,
  RouteChange,
  Script,
  ScriptTools,
} from "./script.ts";

/** Dials whose levels are whole numbers. */
const WHOLE: ReadonlySet<string> = new Set(["concurrency", "queue"]);

/** Number of exchanges that the journal has to keep at least: those of one load. */
const LEAST_JOURNAL = 100;

/** Returns the error for a script that cannot be used. */
export function invalidScript(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "SCRIPT_INVALID",
    `Cannot use the script: ${issues.length} ${
      issues.length === 1 ? "error" : "errors"
    }`,
    issues,
  );
}

/**
 * Parses a script.
 *
 * @param value the script as written: any JSON value
 * @throws PerfmockError `SCRIPT_INVALID` with all issues
 */
export function parseScript(value: unknown, tools: ScriptTools): Script {
  const issues: Issue[] = [];
  const root = validate(scriptSchema(tools.kit), withoutExtensions(value));
  if (root.issues !== undefined) {
    // Names are checked although another part is wrong: one run shows all errors.
    issues.push(...root.issues, ...looseIssues(value, tools));
    throw invalidScript(withoutDuplicates(issues));
  }
  const written = root.value;
  const probe = readProbe(written, tools, issues);
  const routes = readRoutes(written, tools, issues);
  const cliffs = readCliffs(written.cliffs, tools, issues);
  const budget = readBudget(written, probe, tools, issues);
  if (written.origins !== undefined && probe?.kind !== "page") {
    issues.push({
      path: "/origins",
      message: "Only a page's requests to other origins can be slowed",
      allowed: "origins beside page",
    });
  }
  if (probe !== undefined) {
    issues.push(...timeIssues(written.perturbation, routes, probe));
  }
  issues.push(...factorIssues(written.factors));
  if (tools.journal < LEAST_JOURNAL) issues.push(journalIssue(tools.journal));
  if (issues.length > 0 || probe === undefined) throw invalidScript(issues);
  return {
    probe,
    routes,
    origins: new Map(
      entriesOf(written.origins).map(([pattern, { delay }]) => [
        pattern,
        delay ?? written.perturbation,
      ]),
    ),
    budget,
    perturbation: written.perturbation,
    loads: written.loads,
    duration: written.duration,
    precision: written.precision,
    confidence: written.confidence,
    seed: written.seed ?? tools.seed,
    cliffs,
    factors: written.factors,
    repeats: written.repeats,
  };
}

/** Lists or records by name as entries: a list has no settings for its names. */
function entriesOf<Settings extends object>(
  named: readonly string[] | Readonly<Record<string, Settings>> | undefined,
): [string, Partial<Settings>][] {
  if (named === undefined) return [];
  return Array.isArray(named)
    ? named.map((name) => [name, {}])
    : Object.entries(named as Readonly<Record<string, Settings>>);
}

/** Issues about names in a script whose form has errors elsewhere. */
function looseIssues(value: unknown, tools: ScriptTools): Issue[] {
  const issues: Issue[] = [];
  if (typeof value !== "object" || value === null) return issues;
  const { routes, cliffs } = value as Record<string, unknown>;
  const names = Array.isArray(routes)
    ? routes.map((name, index) => [name, index] as const)
    : typeof routes === "object" && routes !== null
    ? Object.keys(routes).map((name) => [name, name] as const)
    : [];
  const known = new RouteNames(tools);
  for (const [name, key] of names) {
    if (typeof name !== "string" || name === "") continue;
    const issue = known.issueOf(name, `/routes${toPointer([`${key}`])}`);
    if (issue !== undefined) issues.push(issue);
  }
  const list = Array.isArray(cliffs) ? cliffs : [];
  for (const [index, cliff] of list.entries()) {
    if (typeof cliff !== "object" || cliff === null) continue;
    const [address] = addressesOf(cliff as Record<string, unknown>);
    if (address === undefined || tools.dials.typeOf(address) !== undefined) {
      continue;
    }
    issues.push(unknownDial(address, `/cliffs/${index}`, tools));
  }
  if (tools.journal < LEAST_JOURNAL) issues.push(journalIssue(tools.journal));
  return issues;
}

/** Issues of which each place has one. */
function withoutDuplicates(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ path }) =>
    path === "" || !seen.has(path) && seen.add(path)
  );
}

function readProbe(
  { page, command, beacon }: Written,
  { folder }: ScriptTools,
  issues: Issue[],
): ProbeSettings | undefined {
  const given = [page, command, beacon].filter((probe) => probe !== undefined);
  if (given.length !== 1) {
    issues.push({
      path: "",
      message: given.length === 0
        ? "Nothing gives a figure"
        : "More than one probe would give the figure",
      allowed: "one of page, command and beacon",
    });
    return undefined;
  }
  if (command !== undefined) return { kind: "command", ...command, folder };
  if (beacon !== undefined) {
    return { kind: "beacon", url: undefined, ...beacon };
  }
  if (page === undefined) return undefined;
  const { actions, cache, cpu, executable, ...others } = page;
  return {
    kind: "page",
    ...others,
    actions: actions && resolve(folder, actions),
    cold: cache === "cold",
    cpu,
    executable: executable && resolve(folder, executable),
  };
}

function readRoutes(
  { routes }: Written,
  tools: ScriptTools,
  issues: Issue[],
): ReadonlyMap<string, RouteChange> | undefined {
  if (routes === undefined) return undefined;
  const read = new Map<string, RouteChange>();
  const list = Array.isArray(routes);
  const known = new RouteNames(tools);
  for (const [index, [id, change]] of entriesOf(routes).entries()) {
    const { delay, speedup }: Partial<RouteChange> = change;
    const path = `/routes${list ? `/${index}` : toPointer([id])}`;
    const issue = known.issueOf(id, path);
    if (issue !== undefined) issues.push(issue);
    if (read.has(id)) {
      issues.push({
        path,
        message: "This route is listed twice",
        value: id,
        allowed: "each route once",
      });
    }
    if (
      speedup !== undefined && issue === undefined &&
      tools.dials.typeOf({ kind: "route", of: id, dial: "speedup" }) ===
        undefined
    ) {
      issues.push({
        path: `${path}/speedup`,
        message:
          "Nothing can be taken from the time of another server, which answers on this route",
        value: speedup,
        allowed: "delay",
      });
    }
    read.set(id, { delay, speedup });
  }
  return read;
}

/** Number of names for which a nearest one is looked for: that takes time, and a script may have thousands of wrong ones. */
const MOST_SUGGESTIONS = 20;

/** Ids of the routes, which names in a script are compared with. */
class RouteNames {
  readonly #ids: ReadonlySet<string>;
  readonly #suggest: ScriptTools["suggest"];
  readonly #allowed: string;
  #suggestions = 0;

  constructor({ dials, suggest }: Pick<ScriptTools, "dials" | "suggest">) {
    this.#ids = new Set(
      [...dials.list()].filter(({ kind }) => kind === "route")
        .map(({ of }) => of),
    );
    this.#suggest = (name, candidates) => suggest(name, candidates);
    this.#allowed = [...this.#ids].join(", ") ||
      "nothing: the configuration has no routes";
  }

  /** The issue of a route that there is not; undefined if there is one. */
  issueOf(id: string, path: string): Issue | undefined {
    if (this.#ids.has(id)) return undefined;
    const suggestion = this.#suggestions++ < MOST_SUGGESTIONS
      ? this.#suggest(id, this.#ids)
      : undefined;
    return {
      path,
      message: `There is no route ${JSON.stringify(id)}`,
      value: id,
      allowed: this.#allowed,
      ...suggestion !== undefined && { suggestion },
    };
  }
}

/** Reads the budget: a time, or a time for the script's figure. */
function readBudget(
  { budget }: Written,
  probe: ProbeSettings | undefined,
  { suggest }: ScriptTools,
  issues: Issue[],
): number | undefined {
  if (budget === undefined || typeof budget === "number") return budget;
  if (probe === undefined) return undefined;
  const { figure } = probe;
  for (const name of Object.keys(budget)) {
    if (name === figure) continue;
    const suggestion = suggest(name, [figure]);
    issues.push({
      path: `/budget${toPointer([name])}`,
      message: `The script measures ${figure}, not ${name}`,
      value: name,
      allowed: figure,
      ...suggestion !== undefined && { suggestion },
    });
  }
  return budget[figure];
}

function readCliffs(
  cliffs: readonly WrittenCliff[],
  tools: ScriptTools,
  issues: Issue[],
): CliffSettings[] {
  return cliffs.flatMap((cliff, index) => {
    const read = readCliff(cliff, `/cliffs/${index}`, tools);
    if (!Array.isArray(read)) return [read];
    issues.push(...read);
    return [];
  });
}

/** Addresses of dials that a cliff names: a valid one has one. */
function addressesOf(cliff: Readonly<Record<string, unknown>>): DialAddress[] {
  const { dial } = cliff;
  if (typeof dial !== "string" || dial === "") return [];
  return ["route", "pool", "backend"].flatMap((kind) => {
    const of = cliff[kind];
    return typeof of === "string" ? [{ kind, of, dial }] : [];
  });
}

/** Reads one cliff, or returns its issues. */
function readCliff(
  cliff: WrittenCliff,
  path: string,
  tools: ScriptTools,
): CliffSettings | Issue[] {
  const { dial, from, to, loads } = cliff;
  const [address, ...others] = addressesOf({ ...cliff });
  if (address === undefined || others.length > 0) {
    return [{
      path,
      message:
        "A cliff is searched along a dial of one route, one pool or the backend",
      allowed: "route: ID, pool: NAME or backend: all, beside dial",
    }];
  }
  const type = tools.dials.typeOf(address);
  if (type === undefined) return [unknownDial(address, path, tools)];
  const level = (value: unknown, key: string, otherwise?: number) => {
    if (value === undefined && otherwise !== undefined) return otherwise;
    const read = validate(type, value, `${path}/${key}`);
    if (read.issues !== undefined) return [...read.issues];
    return typeof read.value === "number" && Number.isFinite(read.value)
      ? read.value
      : [{
        path: `${path}/${key}`,
        message: "A level is a number",
        value,
        allowed: "a number, with the unit of the dial",
      }];
  };
  const isShare = dial === "delay" || dial === "faultShare";
  const first = level(from, "from", isShare ? 0 : undefined);
  const last = level(to, "to");
  const issues = [first, last].flatMap((read) =>
    typeof read === "number" ? [] : read
  );
  if (typeof first !== "number" || typeof last !== "number") return issues;
  if (first === last) {
    return [{
      path: `${path}/to`,
      message: "There is nothing between from and to",
      value: to,
      allowed: "another level than from",
    }];
  }
  return {
    dial: address,
    type,
    from: first,
    to: last,
    whole: WHOLE.has(dial),
    unit: dial === "delay" || dial === "speedup"
      ? "ms"
      : dial === "bandwidth"
      ? "B/s"
      : "",
    loads,
  };
}

/** Finds the wrong part of an address, from the left. */
function unknownDial(
  { kind, of, dial }: DialAddress,
  path: string,
  { dials, suggest }: ScriptTools,
): Issue {
  const ofKind = [...dials.list()].filter((known) => known.kind === kind);
  const ofSame = ofKind.filter((known) => known.of === of);
  const [key, word, candidates] = ofSame.length === 0
    ? [kind, of, ofKind.map((known) => known.of)] as const
    : ["dial", dial, ofSame.map((known) => known.dial)] as const;
  const names = [...new Set(candidates)];
  const suggestion = suggest(word, names);
  return {
    path: `${path}/${key}`,
    message: `There is no ${key} ${JSON.stringify(word)} that can be turned`,
    value: word,
    allowed: names.join(", ") || `nothing: there is no ${key} with dials`,
    ...suggestion !== undefined && { suggestion },
  };
}

/** Issues of times to add with which no load could end before it is given up. */
function timeIssues(
  perturbation: number,
  routes: ReadonlyMap<string, RouteChange> | undefined,
  { timeout }: ProbeSettings,
): Issue[] {
  const issueOf = (path: string, added: number): Issue[] =>
    added < timeout ? [] : [{
      path,
      message: `No load could end: a load is given up after ${
        inMilliseconds(timeout)
      }`,
      value: inMilliseconds(added),
      allowed: `less than the timeout of the page or the command`,
    }];
  const own = [...routes ?? []].flatMap(([id, { delay }]) =>
    delay === undefined ? [] : issueOf(`/routes${toPointer([id])}/delay`, delay)
  );
  const isUsed = routes === undefined ||
    [...routes.values()].some(({ delay }) => delay === undefined);
  return [...own, ...isUsed ? issueOf("/perturbation", perturbation) : []];
}

function factorIssues(factors: readonly number[]): Issue[] {
  const ascending = factors.every((factor, index) =>
    index === 0 || factor > factors[index - 1]
  );
  if (ascending && factors[0] === 1) return [];
  return [{
    path: "/factors",
    message: "Factors ascend from 1, the response time as configured",
    value: factors,
    allowed: "such as [1, 2, 4, 8]",
  }];
}

function journalIssue(capacity: number): Issue {
  return {
    path: "",
    message:
      `The configuration's journal keeps ${capacity} exchanges, and an experiment reads there which routes were called`,
    value: capacity,
    allowed: `journal.capacity of at least ${LEAST_JOURNAL}`,
    suggestion: "Set journal: { capacity: 1000 } in the configuration",
  };
}
