/**
 * Settings of the conditions under which a route answers, `when`: values of query, headers, cookies and JSON body, content type, and
 * GraphQL operation.
 *
 * @module
 */
import { z } from "zod";
import { toPointer } from "../lib/pointer.ts";
import { meant } from "./_foreign_words.ts";
import { WrittenNumber } from "../lib/written_number.ts";
import { expressionProblem, MAX_LENGTH } from "./_path_patterns.ts";
import { isRecord } from "./_schema_lookup.ts";
import { type JsonKeywords, readingType } from "./kit.ts";
import type { Validation } from "./validate.ts";
import { worded } from "./worded.ts";
import { kindInWords } from "./words.ts";

/** A condition on one text as users write it: the text itself, or one of the forms of an object. */
export type TextConditionInput =
  | string
  | number
  | boolean
  | {
    /** The text. */
    readonly equal?: string | number | boolean;
    /** Regular expression that matches the whole text. */
    readonly pattern?: string;
    /** True to accept any text. */
    readonly present?: boolean;
    /** True to accept no text. */
    readonly absent?: boolean;
  };

/** A condition on one value of a JSON body as users write it. An object or a list stands in `equal`. */
export type BodyConditionInput =
  | string
  | number
  | boolean
  | null
  | {
    /** The value. */
    readonly equal?: unknown;
    /** Regular expression that matches the whole text, or the number as text. */
    readonly pattern?: string;
    /** True to accept any value. */
    readonly present?: boolean;
    /** True to accept no value. */
    readonly absent?: boolean;
  };

/** Conditions of a route as users write them. All must hold. */
export interface WhenInput {
  /** Query parameters by name. Of several with one name, one must meet the condition. */
  readonly query?: Readonly<Record<string, TextConditionInput>>;
  /** Headers by name. */
  readonly header?: Readonly<Record<string, TextConditionInput>>;
  /** Cookies by name. */
  readonly cookie?: Readonly<Record<string, TextConditionInput>>;
  /** Values of a JSON body by JSON Pointer. */
  readonly body?: Readonly<Record<string, BodyConditionInput>>;
  /** Media type, such as "application/json" or "image/*", without parameters. */
  readonly contentType?: TextConditionInput;
  /** GraphQL operation. */
  readonly graphql?: {
    /** Name of the operation: `operationName`, or that of the only operation in the text. */
    readonly operation?: TextConditionInput;
    /** Type of the operation. */
    readonly type?: "query" | "mutation" | "subscription";
    /** Hash of a persisted query: `extensions.persistedQuery.sha256Hash`. */
    readonly hash?: TextConditionInput;
  };
}

/** A condition on one value, parsed. */
export type Condition =
  | { readonly kind: "equal"; readonly value: unknown }
  | { readonly kind: "pattern"; readonly source: string }
  | { readonly kind: "present" }
  | { readonly kind: "absent" };

/** Part of a request that a condition looks at. */
export type ConditionPart =
  | "query"
  | "header"
  | "cookie"
  | "body"
  | "contentType"
  | "graphql";

/** One condition of a route, with its place in `when`. */
export interface PlacedCondition {
  /** Part of the request. */
  readonly part: ConditionPart;
  /** Name within the part: in lower case for a header, a JSON Pointer for a body; empty for the content type. */
  readonly name: string;
  /** Name as written. */
  readonly written: string;
  /** Condition on the value. */
  readonly condition: Condition;
}

/** Conditions of a route, parsed; never empty. */
export type WhenSettings = readonly PlacedCondition[];

/** Maximum length of a text that an expression is compared with, in characters: a longer one meets no pattern. */
export const LONGEST_MATCHED = 8192;

/** Compiles an expression that matches whole texts. */
export function wholeMatch(source: string): RegExp {
  return new RegExp(`^(?:${source})$`, "s");
}

/** Reason why an expression cannot be used; undefined if it can. */
function patternProblem(source: string): string | undefined {
  const problem = expressionProblem(source, true);
  if (problem !== undefined) return problem;
  try {
    wholeMatch(source);
  } catch {
    return "is no regular expression";
  }
}

const FORMS = ["equal", "pattern", "present", "absent"] as const;

const ONE_FORM =
  '{"equal": …}, {"pattern": …}, {"present": true} or {"absent": true}';

/** JSON Schema of the object forms. */
function formKeywords(equal: JsonKeywords): JsonKeywords {
  return {
    type: "object",
    properties: {
      equal: { ...equal, meaning: "Value to compare with" },
      pattern: {
        type: "string",
        maxLength: MAX_LENGTH,
        description: "a regular expression that matches the whole text",
      },
      present: { const: true, meaning: "True to accept any value" },
      absent: { const: true, meaning: "True to accept no value" },
    },
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
  };
}

/** Reads the object form of a condition. */
function readForm(
  forms: Record<string, unknown>,
  allowed: string,
  readEqual: (value: unknown) => unknown,
): Validation<Condition> {
  const refused = (path: string, message: string, value: unknown) => ({
    issues: [{ path, message, value, allowed }],
  });
  const keys = Object.keys(forms);
  const unknown = keys.find((key) =>
    !(FORMS as readonly string[]).includes(key)
  );
  if (unknown !== undefined) {
    const suggestion = meant(unknown, FORMS, forms[unknown]);
    return {
      issues: [{
        path: toPointer([unknown]),
        message: `Unknown key ${JSON.stringify(unknown)}`,
        value: forms[unknown],
        allowed,
        ...suggestion !== undefined && { suggestion },
      }],
    };
  }
  const [form, other] = keys;
  if (form === undefined || other !== undefined) {
    return refused(
      "",
      "A condition has exactly one form",
      forms,
    );
  }
  const value = forms[form];
  if (form === "equal") {
    const wanted = readEqual(value);
    return wanted === undefined
      ? refused("/equal", `Cannot compare with ${kindInWords(value)}`, value)
      : { value: { kind: "equal", value: wanted } };
  }
  if (form === "pattern") {
    if (typeof value !== "string") {
      return refused("/pattern", "Not a regular expression", value);
    }
    const problem = patternProblem(value);
    return problem === undefined
      ? { value: { kind: "pattern", source: value } }
      : {
        issues: [{
          path: "/pattern",
          message: `The expression ${
            JSON.stringify(value.slice(0, 50))
          } ${problem}`,
          value,
          allowed:
            "an expression that matches the whole text in a time in proportion to its length, such as [0-9]+ or Bearer .+",
        }],
      };
  }
  return value === true
    ? { value: { kind: form === "present" ? "present" : "absent" } }
    : refused(
      `/${form}`,
      `Must be true; for the contrary there is "${
        form === "present" ? "absent" : "present"
      }"`,
      value,
    );
}

/** Text that a query parameter, a header or a cookie is compared with; undefined for a value that is none. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "boolean" ||
      typeof value === "number" || value instanceof WrittenNumber
    ? `${value}`
    : undefined;
}

const TEXT_FORM = `a text, ${ONE_FORM}`;

const TEXT_CONDITION = readingType<Condition>("condition", {
  description: TEXT_FORM,
  anyOf: [
    { type: ["string", "number", "boolean"] },
    formKeywords({ type: ["string", "number", "boolean"] }),
  ],
  examples: ["open", { pattern: "Bearer .+" }, { absent: true }],
}, (written) => {
  const text = textOf(written);
  if (text !== undefined) return { value: { kind: "equal", value: text } };
  return isRecord(written) ? readForm(written, TEXT_FORM, textOf) : "mismatch";
});

const BODY_FORM = `a value, ${ONE_FORM}`;

const BODY_CONDITION = readingType<Condition>("condition", {
  description: BODY_FORM,
  anyOf: [
    { type: ["string", "number", "boolean", "null"] },
    formKeywords({}),
  ],
  examples: ["open", 7, { equal: [1, 2] }, { present: true }],
}, (written) => {
  if (written === null || textOf(written) !== undefined) {
    return { value: { kind: "equal", value: written } };
  }
  return isRecord(written)
    ? readForm(written, BODY_FORM, (value) => value)
    : "mismatch";
});

const POINTER = /^(\/([^~/]|~0|~1)*)*$/;

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const TEXTS = z.record(z.string(), TEXT_CONDITION).optional();

/** Adds issues of the names in a part of `when`. */
function names(
  issueOf: (name: string) => {
    readonly message: string;
    readonly allowed: string;
    readonly suggestion?: string;
  } | undefined,
) {
  return (
    part: Readonly<Record<string, unknown>> | undefined,
    context: z.RefinementCtx,
  ) => {
    for (const name of Object.keys(part ?? {})) {
      const issue = issueOf(name);
      if (issue === undefined) continue;
      const { message, ...params } = issue;
      context.addIssue({ code: "custom", path: [name], message, params });
    }
  };
}

/** Type of `when.header`. */
const OF_HEADERS = TEXTS.superRefine(
  names((name) =>
    HEADER_NAME.test(name) ? undefined : {
      message: `Not the name of a header: ${JSON.stringify(name)}`,
      allowed: "letters, digits and -",
    }
  ),
);

/** Type of `when.body`. */
const OF_BODY = z.record(z.string(), BODY_CONDITION).superRefine(
  names((pointer) => {
    if (POINTER.test(pointer)) return undefined;
    const suggestion = `/${
      pointer.replace(/^\$?\.?/, "").replaceAll(".", "/")
    }`;
    return {
      message: `Not a JSON Pointer: ${JSON.stringify(pointer)}`,
      allowed:
        'a JSON Pointer such as "/customer/id", or "" for the whole body',
      ...POINTER.test(suggestion) && { suggestion },
    };
  }),
).optional();

/** Type of `when`. */
export const WHEN: z.ZodType<WhenSettings> = z.strictObject(worded({
  query: TEXTS,
  header: OF_HEADERS,
  cookie: TEXTS,
  body: OF_BODY,
  contentType: TEXT_CONDITION.optional(),
  graphql: z.strictObject(worded({
    operation: TEXT_CONDITION.optional(),
    type: z.enum(["query", "mutation", "subscription"]).optional(),
    hash: TEXT_CONDITION.optional(),
  }, {
    operation:
      "Name of the operation: operationName, or that of the only operation in the text",
    type: "Type of the operation",
    hash: "Hash of a persisted query, extensions.persistedQuery.sha256Hash",
  })).optional(),
}, {
  query:
    "Conditions on query parameters, by name; of several with one name, one must meet the condition",
  header: "Conditions on headers, by name in any case",
  cookie: "Conditions on cookies, by name",
  body:
    'Conditions on values of a JSON body, by JSON Pointer such as /customer/level; "" is the whole body',
  contentType:
    "Condition on the media type, without parameters; image/* stands for all of a kind",
  graphql: "Conditions on a GraphQL operation; {} stands for any operation",
})).transform((when, context) => {
  const refuse = (
    path: string[],
    message: string,
    params: { allowed: string; suggestion?: string },
  ) => context.addIssue({ code: "custom", path, message, params });
  const conditions: PlacedCondition[] = [];
  const add = (
    part: ConditionPart,
    written: string,
    condition: Condition,
    name = written,
  ) => conditions.push({ part, name, written, condition });
  for (const part of ["query", "header", "cookie"] as const) {
    for (const [name, condition] of Object.entries(when[part] ?? {})) {
      add(part, name, condition, part === "header" ? name.toLowerCase() : name);
    }
  }
  if (when.contentType !== undefined) {
    add("contentType", "", when.contentType);
  }
  for (const [pointer, condition] of Object.entries(when.body ?? {})) {
    add("body", pointer, condition);
  }
  const { operation, type, hash } = when.graphql ?? {};
  if (operation !== undefined) add("graphql", "operation", operation);
  if (hash !== undefined) add("graphql", "hash", hash);
  if (type !== undefined) {
    add("graphql", "type", { kind: "equal", value: type });
  }
  if (
    when.graphql !== undefined &&
    operation === undefined && hash === undefined && type === undefined
  ) {
    // Any operation of GraphQL.
    add("graphql", "operation", { kind: "present" });
  }
  // Unknown keys may have been meant for conditions.
  if (conditions.length === 0 && context.issues.length === 0) {
    refuse([], 'A "when" without conditions matches every request', {
      allowed:
        'conditions on query, header, cookie, body, contentType or graphql, or no "when"',
    });
  }
  return conditions;
}) as unknown as z.ZodType<WhenSettings>;
