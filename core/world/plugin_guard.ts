/**
 * Guards what the setup of a plugin returned: reads each member once, checks its type, and wraps each function, so that the rest of
 * core meets no code of a plugin that is not guarded. A wrong member is an error of the configuration.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import { respond } from "../control/endpoints.ts";
import { PerfmockError } from "../errors.ts";
import { isRequestBodyError } from "../lib/request_body_error.ts";
import { describeReturned, describeThrown, isThenable } from "../lib/thrown.ts";
import type {
  Dial,
  Endpoint,
  HealthReport,
  Instance,
  Issue,
  RouteHooks,
} from "../plugin.ts";
import { type PluginDoor, pluginFailed } from "./plugin_door.ts";

type Members = Required<Instance>;
type Functions = {
  [K in keyof Members]: Members[K] extends readonly unknown[] ? never : K;
}[keyof Members];

/** Members of an instance that are functions, with their guards. A Record, so that the compiler notices a missing one. */
const GUARDS: {
  readonly [K in Functions]: (
    call: (...given: never[]) => unknown,
    door: PluginDoor,
  ) => Members[K];
} = {
  route: (call, door) => (...given) =>
    guardHooks((call as Members["route"])(...given), door),
  dials: (call, door) => () =>
    built(door, "dials", () => guardPlacedDials(call(), door)),
  warnings: (call, door) => () =>
    built(door, "warnings", () => checkedWarnings(call())),
  adopt: (call, door) => () => void door.call("adopt", call, undefined),
  reset: (call, door) => () => void door.call("reset", call, undefined),
  snapshot: (call) => () => synchronous(call()),
  merge: (call, door) => (...given) => {
    try {
      return synchronous((call as Members["merge"])(...given));
    } catch (error) {
      door.failed("merge", error);
      return { error: describeThrown(error) };
    }
  },
  health: (call, door) => () => {
    try {
      return checkedHealth(call());
    } catch (error) {
      door.failed("health", error);
      return [
        `Plugin "${door.plugin}" cannot tell how it is: ${
          describeThrown(error)
        }`,
      ];
    }
  },
  [Symbol.asyncDispose]: (call) => async () => void await call(),
};

/** Members of an instance that are lists of endpoints. */
const LISTS: Readonly<Record<Exclude<keyof Members, Functions>, true>> = {
  control: true,
  endpoints: true,
};

/** Names of all members that a setup may return. */
const NAMES: readonly string[] = [
  ...Object.keys(GUARDS),
  ...Object.keys(LISTS),
];

/**
 * Guards an instance.
 *
 * @param value result of the plugin's setup
 * @param path place of the plugin in the configuration
 * @throws PerfmockError `PLUGIN_INVALID` with an issue for each wrong member
 */
export function guardInstance(
  value: unknown,
  door: PluginDoor,
  path: string,
): Instance {
  if (typeof value !== "object" || value === null) {
    throw new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot use plugin "${door.plugin}": its setup returned a ${typeof value} instead of an object`,
    );
  }
  const issues: Issue[] = Object.keys(value)
    .filter((property) => !NAMES.includes(property))
    .map((property) => ({
      path,
      message:
        `The setup of plugin "${door.plugin}" returned an unknown property "${property}"`,
      value: property,
      allowed: NAMES.join(", "),
      suggestion: suggest(property, NAMES),
    }));
  const guarded: Record<PropertyKey, unknown> = {};
  for (const name of Reflect.ownKeys({ ...GUARDS, ...LISTS })) {
    try {
      const member: unknown = Reflect.get(value, name);
      if (member === undefined) continue;
      if (Object.hasOwn(LISTS, name)) {
        guarded[name] = guardEndpoints(member, door, String(name));
      } else if (typeof member !== "function") {
        throw new TypeError(
          `it must be a function, received ${describeReturned(member)}`,
        );
      } else {
        guarded[name] = GUARDS[name as Functions](
          // Called on the instance, so that one written as a class works too.
          (...given) => Reflect.apply(member, value, given),
          door,
        );
      }
    } catch (error) {
      issues.push({
        path,
        message: `Cannot use "${nameOf(name)}" of plugin "${door.plugin}": ${
          reasonOf(error)
        }`,
      });
    }
  }
  if (issues.length === 0) return guarded as Instance;
  throw new PerfmockError(
    "PLUGIN_INVALID",
    `Cannot use plugin "${door.plugin}"`,
    issues,
  );
}

function nameOf(name: PropertyKey): string {
  return typeof name === "symbol" ? "[Symbol.asyncDispose]" : String(name);
}

/** Reason as the guards of this file write it; errors of the plugin's own code keep the name of their class. */
function reasonOf(error: unknown): string {
  const text = describeThrown(error);
  return text.startsWith("TypeError: it ") ? text.slice(11) : text;
}

/** Runs a member that the build of a configuration calls: its error is one of the configuration. */
function built<T>(door: PluginDoor, member: string, code: () => T): T {
  try {
    return code();
  } catch (error) {
    throw new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot use "${member}" of plugin "${door.plugin}": ${reasonOf(error)}`,
      [],
      { cause: error },
    );
  }
}

function synchronous<T>(value: T): T {
  if (!isThenable(value)) return value;
  throw new TypeError(`it must not return ${describeReturned(value)}`);
}

function record(value: unknown, name: string): Record<string, unknown> {
  if (
    typeof value === "object" && value !== null && !Array.isArray(value) &&
    !isThenable(value)
  ) return value as Record<string, unknown>;
  throw new TypeError(
    `it must return ${name}, received ${describeReturned(value)}`,
  );
}

function list(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(
    `it must be a list of ${name}, received ${describeReturned(value)}`,
  );
}

// ---- Routes

/** Members of a route's hooks that describe them, with a value of each one's type. */
const DESCRIPTIONS = { summary: "", replayedBy: "", resets: true } as const;

/** Hooks that a route can have. A Record, so that the compiler notices a missing one. */
const HOOKS: Readonly<
  Record<Exclude<keyof RouteHooks, keyof typeof DESCRIPTIONS | "dials">, true>
> = { admit: true, serve: true, degrade: true, respond: true, observe: true };

/** Reads each member of a route's hooks once. Unknown members are kept, since they are reported with all others. */
function guardHooks(value: unknown, door: PluginDoor): RouteHooks | undefined {
  // Plain JavaScript may write `condition && hooks`.
  if (value === undefined || value === null || value === false) return;
  const given = record(value, "an object with hooks, or undefined");
  const hooks: Record<string, unknown> = {};
  const names = new Set([
    ...Object.keys(HOOKS),
    ...Object.keys(DESCRIPTIONS),
    "dials",
    ...Object.keys(given),
  ]);
  for (const name of names) {
    let member: unknown;
    try {
      member = given[name];
      if (member === undefined) continue;
      if (name === "dials") member = guardDials(member, door, "dials.turn");
      else if (Object.hasOwn(DESCRIPTIONS, name)) {
        const example = DESCRIPTIONS[name as keyof typeof DESCRIPTIONS];
        if (typeof member !== typeof example) {
          throw new TypeError(
            `it must be a ${typeof example}, received ${
              describeReturned(member)
            }`,
          );
        }
      } else if (name === "admit" && Array.isArray(member)) {
        member = member.map(placed);
      } else member = placed(member);
    } catch (error) {
      throw new TypeError(`cannot use "${name}": ${reasonOf(error)}`);
    }
    hooks[name] = member;
  }
  return hooks;
}

/** Reads a hook that has an order once. */
function placed(hook: unknown): unknown {
  if (typeof hook !== "object" || hook === null || !("handler" in hook)) {
    return hook;
  }
  const { handler, ...rest } = hook;
  return { ...rest, handler };
}

// ---- Dials

function guardPlacedDials(
  value: unknown,
  door: PluginDoor,
): ReturnType<Members["dials"]> {
  const levels = (value: unknown, next: (value: unknown) => unknown) =>
    Object.fromEntries(
      Object.entries(record(value, "dials by kind, owner and name"))
        .map(([key, below]) => [key, next(below)]),
    );
  return levels(
    value ?? {},
    (owners) =>
      levels(owners, (dials) => guardDials(dials, door, "dials.turn")),
  ) as ReturnType<Members["dials"]>;
}

function guardDials(
  value: unknown,
  door: PluginDoor,
  member: string,
): Record<string, Dial> {
  return Object.fromEntries(
    Object.entries(record(value, "dials by name")).map(([name, given]) => {
      const dial = record(given, `a dial "${name}"`) as unknown as Dial;
      const { configured, type, summary, turn } = dial;
      if (typeof turn !== "function" || !isSchema(type)) {
        throw new TypeError(
          `it must return dials with a type of the kit and a function "turn", but "${name}" lacks one`,
        );
      }
      return [name, {
        type,
        configured,
        ...typeof summary === "string" && { summary },
        turn(turned) {
          door.call(member, () => turn.call(dial, turned), undefined);
        },
      }];
    }),
  );
}

/** Returns true for a schema of any validator that follows Standard Schema. */
export function isSchema(value: unknown): boolean {
  return typeof value === "object" && value !== null && "~standard" in value;
}

// ---- Endpoints

const METHODS: readonly unknown[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function isObject(value: unknown): boolean {
  return Object(value) === value;
}

function isObjectOf(check: (part: unknown) => boolean) {
  return (value: unknown): boolean =>
    isObject(value) && Object.values(value as object).every(check);
}

/** Members of an endpoint, with the check of each. A Record, so that the compiler notices a missing one. */
const ENDPOINT: {
  readonly [K in keyof Required<Endpoint>]: (value: unknown) => boolean;
} = {
  method: (value) => METHODS.includes(value),
  path: (value) => typeof value === "string" && value.startsWith("/"),
  summary: (value) => typeof value === "string",
  body: (value) => value === undefined || isSchema(value),
  query: (value) => value === undefined || isSchema(value),
  status: (value) =>
    value === undefined || [200, 201, 202, 204].includes(value as number),
  answer: (value) => value === undefined || isObject(value),
  type: (value) => value === undefined || typeof value === "string",
  types: (value) => value === undefined || isObjectOf(isObject)(value),
  accepts: (value) => value === undefined || isObjectOf(isObject)(value),
  headers: (value) =>
    value === undefined ||
    isObjectOf((part) => typeof part === "string")(value),
  access: (value) =>
    value === undefined || value === "public" || value === "control" ||
    value === "page",
  replicas: (value) =>
    value === undefined ||
    ["own", "all", "first", "alone"].includes(value as string),
  merge: (value) => value === undefined || typeof value === "function",
  handle: (value) => typeof value === "function",
};

function guardEndpoints(
  value: unknown,
  door: PluginDoor,
  member: string,
): Endpoint[] {
  return list(value, "endpoints").map((given) => {
    const endpoint: Record<string, unknown> = {};
    for (const [name, isValid] of Object.entries(ENDPOINT)) {
      const part: unknown = Reflect.get(Object(given), name);
      if (!isValid(part)) {
        throw new TypeError(
          `it must be a list of endpoints, but the "${name}" of one is ${
            describeReturned(part)
          }`,
        );
      }
      if (part !== undefined) endpoint[name] = part;
    }
    return guardEndpoint(endpoint as unknown as Endpoint, given, {
      door,
      member,
    });
  });
}

function guardEndpoint(
  endpoint: Endpoint,
  given: unknown,
  { door, member }: { readonly door: PluginDoor; readonly member: string },
): Endpoint {
  const { handle, merge, method, path } = endpoint;
  const name = `${member}: ${method} ${path}`;
  return {
    ...endpoint,
    ...merge !== undefined && {
      async merge(...answers) {
        try {
          return await merge.call(given as Endpoint, ...answers);
        } catch (error) {
          if (error instanceof PerfmockError) throw error;
          door.failed(`${name} (merge)`, error);
          throw pluginFailed(door.plugin, name, error);
        }
      },
    },
    async handle(call) {
      try {
        // Within the guard, since the answer may not be JSON.
        return respond(await handle.call(given as Endpoint, call), endpoint);
      } catch (error) {
        // An error of the client, not of the plugin.
        if (error instanceof PerfmockError || isRequestBodyError(error)) {
          throw error;
        }
        const { signal } = call.request;
        // Not the plugin's failure: the client has left, and nobody reads the answer.
        if (signal.aborted && error === signal.reason) {
          return new Response(null, { status: 499 });
        }
        door.failed(name, error);
        throw pluginFailed(door.plugin, name, error);
      }
    },
  };
}

// ---- Reports

function checkedWarnings(value: unknown): Issue[] {
  return list(value ?? [], "issues").map((given) => {
    const { message, path, ...rest } = record(given, "issues") as Partial<
      Issue
    >;
    if (typeof message !== "string" || typeof path !== "string") {
      throw new TypeError("it must return issues with a path and a message");
    }
    return { ...rest, message, path };
  });
}

function checkedHealth(value: unknown): HealthReport {
  if (value === undefined) return { reasons: [] };
  if (Array.isArray(value)) return { reasons: texts(value) };
  const { active = {}, exporters = {}, reasons } = record(
    value,
    "a list of reasons, or a report",
  );
  return {
    reasons: texts(reasons),
    active: Object.fromEntries(
      Object.entries(record(active, "active work by kind"))
        .map(([kind, names]) => [kind, texts(names)]),
    ),
    exporters: Object.fromEntries(
      Object.entries(record(exporters, "states of exporters"))
        .map(([name, state]) => [name, text(state)]),
    ),
  };
}

function texts(value: unknown): string[] {
  return list(value, "texts").map(text);
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError(
    `it must give texts, received ${describeReturned(value)}`,
  );
}
