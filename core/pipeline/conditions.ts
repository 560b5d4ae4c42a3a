/**
 * Conditions under which a route answers, prepared once per route. A route without any costs a request nothing.
 *
 * @module
 */
import {
  type Condition,
  LONGEST_MATCHED,
  type PlacedCondition,
  type WhenSettings,
  wholeMatch,
} from "../config/mod.ts";
import { excerpt } from "../lib/bounded_text.ts";
import { fromPointer, lookUp, toPointer } from "../lib/pointer.ts";
import { WrittenNumber } from "../lib/written_number.ts";
import type { Issue } from "../plugin.ts";
import { mediaType, type RequestView } from "./request_view.ts";

/** Maximum length of a received value that an explanation repeats, in characters. */
const LONGEST_SHOWN = 80;

/** Maximum length of the summary of a route's conditions, in characters. */
const LONGEST_SUMMARY = 120;

/** One condition, prepared. */
interface Check {
  /** True if it holds for a request. */
  readonly holds: (view: RequestView) => boolean;
  /** True if it looks into the body. */
  readonly inBody: boolean;
  /** Explains to the sender of a request why it does not hold. */
  readonly explain: (view: RequestView) => Issue;
}

/** All conditions of one route. */
export class RouteConditions {
  /** True if some condition looks into the body of requests whose method has one. */
  readonly inBody: boolean;
  /** True if some condition is about a GraphQL operation: the entries of a batch are then matched one by one. */
  readonly ofGraphql: boolean;
  /** The conditions in a few words, such as `if GraphQL operation name is "GetCart"`. */
  readonly summary: string;
  readonly #head: readonly Check[];
  readonly #body: readonly Check[];

  /** @param place JSON Pointer of the conditions in the configuration, for explanations */
  constructor(when: WhenSettings, place: string) {
    const checks = when.map((condition) => prepare(condition, place));
    this.#head = checks.filter(({ inBody }) => !inBody);
    this.#body = checks.filter(({ inBody }) => inBody);
    this.inBody = this.#body.length > 0;
    this.ofGraphql = when.some(({ part }) => part === "graphql");
    const words = when.map((one) =>
      `${inWords(one)} ${stateOf(one.condition)}`
    );
    this.summary = excerpt(`if ${words.join(" and ")}`, LONGEST_SUMMARY);
  }

  /** True if all conditions that need no body hold. */
  holdForHead(view: RequestView): boolean {
    return all(this.#head, view);
  }

  /** True if all conditions hold that look into the body, which has been read. */
  holdForBody(view: RequestView): boolean {
    return all(this.#body, view);
  }

  /** Explains each condition that does not hold; those of a body that was not read are left out. */
  explain(view: RequestView): Issue[] {
    const checks = view.body === undefined
      ? this.#head
      : [...this.#head, ...this.#body];
    return checks.filter(({ holds }) => !holds(view))
      .map(({ explain }) => explain(view));
  }
}

function all(checks: readonly Check[], view: RequestView): boolean {
  for (let i = 0; i < checks.length; i++) {
    if (!checks[i].holds(view)) return false;
  }
  return true;
}

function prepare(placed: PlacedCondition, place: string): Check {
  const { part, name, written, condition } = placed;
  const path = place +
    toPointer([part, ...part === "contentType" ? [] : [written]]);
  const words = `${inWords(placed)} must ${demandOf(condition)}`;
  const check = (
    holds: Check["holds"],
    received: (view: RequestView) => string | undefined = () => undefined,
  ): Check => ({
    holds,
    inBody: part === "body" || part === "graphql",
    explain(view) {
      const found = received(view);
      return {
        path,
        message: found === undefined ? words : `${words}; ${found}`,
      };
    },
  });
  switch (part) {
    case "query": {
      const test = textTest(condition);
      return check((view) => {
        const values = view.query(name);
        return values.length === 0 ? test(undefined) : values.some(test);
      });
    }
    case "header": {
      const test = textTest(condition);
      return check((view) => test(view.header(name) ?? undefined));
    }
    case "cookie": {
      const test = textTest(condition);
      return check((view) => test(view.cookie(name)));
    }
    case "contentType": {
      const test = mediaTest(condition);
      return check((view) => test(mediaType(view.header("content-type"))));
    }
    case "graphql":
      return graphqlCheck(placed, check);
    case "body": {
      const test = jsonTest(condition);
      const segments = fromPointer(name);
      return check(
        // An absent value too is demanded of a body of JSON.
        ({ json }) => json !== undefined && test(lookUp(json, segments)),
        ({ json }) => json === undefined ? "the body is no JSON" : undefined,
      );
    }
  }
}

function graphqlCheck(
  { name, condition }: PlacedCondition,
  check: (
    holds: Check["holds"],
    received: (view: RequestView) => string | undefined,
  ) => Check,
): Check {
  const test = textTest(condition);
  const member = name as "operation" | "type" | "hash";
  const valueIn = ({ operation }: RequestView) =>
    member === "operation" ? operation?.name : operation?.[member];
  return check(
    (view) => {
      const { operation } = view;
      if (operation === undefined) return false;
      // An operation without a name is one too.
      if (member === "operation" && condition.kind === "present") return true;
      const value = valueIn(view);
      // The type of a persisted query is not known without its text: its name or its hash decides.
      if (member === "type" && value === undefined) {
        return operation.name !== undefined || operation.hash !== undefined;
      }
      return test(value);
    },
    (view) => {
      if (view.operation === undefined) {
        return "the request is none of GraphQL";
      }
      const value = valueIn(view);
      return value === undefined
        ? "the request has none"
        : `received ${JSON.stringify(excerpt(value, LONGEST_SHOWN))}`;
    },
  );
}

/** Name of the value that a condition is about. */
function inWords({ part, written }: PlacedCondition): string {
  switch (part) {
    case "query":
      return `query parameter ${written}`;
    case "header":
      return `header ${written}`;
    case "cookie":
      return `cookie ${written}`;
    case "contentType":
      return "content type";
    case "body":
      return written === "" ? "body" : `body value ${written}`;
    case "graphql":
      return `GraphQL ${written === "operation" ? "operation name" : written}`;
  }
}

function demandOf(condition: Condition): string {
  switch (condition.kind) {
    case "equal":
      return `be ${excerpt(JSON.stringify(condition.value), LONGEST_SHOWN)}`;
    case "pattern":
      return `match ${excerpt(condition.source, LONGEST_SHOWN)}`;
    case "present":
      return "be present";
    case "absent":
      return "be absent";
  }
}

function stateOf(condition: Condition): string {
  const demand = demandOf(condition);
  return demand.startsWith("be ")
    ? `is ${demand.slice(3)}`
    : "matches " + demand.slice(6);
}

/** Test of a text; undefined stands for none. */
function textTest(
  condition: Condition,
): (value: string | undefined) => boolean {
  switch (condition.kind) {
    case "equal": {
      const { value: wanted } = condition;
      return (value) => value === wanted;
    }
    case "pattern":
      return patternTest(condition.source);
    case "present":
      return (value) => value !== undefined;
    case "absent":
      return (value) => value === undefined;
  }
}

function patternTest(source: string): (value: string | undefined) => boolean {
  const pattern = wholeMatch(source);
  return (value) =>
    value !== undefined && value.length <= LONGEST_MATCHED &&
    pattern.test(value);
}

/** Test of a media type in lower case, empty for none. `image/*` stands for all of a kind. */
function mediaTest(condition: Condition): (type: string) => boolean {
  if (condition.kind !== "equal") {
    const test = textTest(condition);
    return (type) => test(type === "" ? undefined : type);
  }
  const wanted = mediaType(`${condition.value}`);
  const kind = wanted.endsWith("/*") ? wanted.slice(0, -1) : undefined;
  return kind === undefined
    ? (type) => type === wanted
    : (type) => type.startsWith(kind);
}

/** Test of a value in JSON; undefined stands for none. */
function jsonTest(condition: Condition): (value: unknown) => boolean {
  switch (condition.kind) {
    case "equal": {
      const { value: wanted } = condition;
      return (value) => sameJson(wanted, value);
    }
    case "pattern": {
      const test = patternTest(condition.source);
      return (value) => test(textOf(value));
    }
    case "present":
      return (value) => value !== undefined;
    case "absent":
      return (value) => value === undefined;
  }
}

/** Text of a value that has one: a text itself, a number, true or false. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" ||
      typeof value === "boolean" || value instanceof WrittenNumber
    ? `${value}`
    : undefined;
}

/** Returns true if two values are the same in JSON. Numbers are compared by value, those with many digits by digits too. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (isNumber(a) && isNumber(b)) {
    return `${a}` === `${b}` ||
      Number(`${a}`) === Number(`${b}`) && !(isLong(a) || isLong(b));
  }
  if (typeof a !== "object" || a === null) return a === b;
  if (typeof b !== "object" || b === null || isNumber(b)) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) &&
      sameJson(Reflect.get(a, key), Reflect.get(b, key))
    );
}

function isNumber(value: unknown): value is number | bigint | WrittenNumber {
  return typeof value === "number" || typeof value === "bigint" ||
    value instanceof WrittenNumber;
}

/** Returns true for a number that JavaScript rounds: another one could have the same value there. */
function isLong(value: number | bigint | WrittenNumber): boolean {
  return `${value}`.replace(/[eE].*$/, "").replace(/^-?0*\.?0*/, "")
    .replace(".", "").replace(/0+$/, "").length > 15;
}
