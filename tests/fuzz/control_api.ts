/**
 * Fuzzes the control API of a server that listens, and compares each answer with openapi.json: its status, content type and
 * schema. A refused call must change nothing.
 *
 * @module
 */
import { deepEqual, ok } from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import type { EngineName } from "../../mod.ts";
import {
  type ControlCase,
  controlCase,
  type Document,
  type Names,
  type Operation,
  operationsOf,
} from "./_control_cases.ts";
import { Chance } from "./_generator.ts";
import { isObject, type Json } from "./_schema_values.ts";

/** Number of calls after which the server starts again from its first configuration. */
const SPELL = 100;

/** Number of calls between two in which a refused one is compared with the state before it. */
const COMPARED = 5;

/** Configuration with something for each call to find, and low limits for what runs on. */
function configuration(engine: EngineName) {
  return {
    server: { port: 0, engine },
    plugins: {
      limiter: { pools: { db: { concurrency: 1 } } },
      load_engine: {
        simulations: { time: "5s", memory: "64MiB", atOnce: 1 },
      },
      resource_stress: { maxMemory: 0.05, maxCpu: 0.5 },
    },
    sessions: { limit: 3 },
    routes: [{ path: "/r", limiter: "db" }, { id: "a", path: "/a" }],
  };
}

/** Figures of a run of the fuzzer. */
export interface ControlFuzz {
  /** Number of calls. */
  readonly calls: number;
  /** Number of answers by status. */
  readonly statuses: ReadonlyMap<number, number>;
  /** Calls that were answered with success, such as `GET /_perfmock/health`. */
  readonly succeeded: ReadonlySet<string>;
  /** All calls that openapi.json describes. */
  readonly described: readonly string[];
}

/**
 * Sends calls.
 *
 * @throws AssertionError for the first answer that is not as described, with the seed and the call
 */
export async function fuzzControlApi(
  { engine, calls, seed }: {
    readonly engine: EngineName;
    readonly calls: number;
    readonly seed: number;
  },
): Promise<ControlFuzz> {
  const chance = new Chance(seed);
  const statuses = new Map<number, number>();
  const succeeded = new Set<string>();
  let described: readonly string[] = [];
  for (let sent = 0; sent < calls;) {
    await using server = await createPerfmock(configuration(engine), {
      log: () => {},
    });
    const document = await read<Document>(server, "/_perfmock/openapi.json");
    const answers = new Answers(document);
    const operations = operationsOf(document);
    await furnish(server.url, answers, operations);
    for (const path of Object.keys(FURNITURE)) succeeded.add(`POST ${path}`);
    described = operations.map(({ method, path }) => `${method} ${path}`);
    let state = await stateOf(server);
    for (let i = 0; i < SPELL && sent < calls; i++, sent++) {
      const call = controlCase(document, operations, namesIn(state), chance);
      const { status, text } = await answers.check(server.url, call).catch(
        (cause: Error) => {
          const { method, target, headers, body } = call;
          throw new Error(
            `${cause.message}\ncall ${sent} of seed ${seed} on ${engine}: ${
              JSON.stringify({ method, target, headers, body })?.slice(0, 3000)
            }`,
            { cause },
          );
        },
      );
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (status < 400) {
        succeeded.add(`${call.method} ${call.operation.path}`);
        if (!await calm(server, call, text)) break;
        state = await stateOf(server);
      } else if (sent % COMPARED === 0) {
        const after = await stateOf(server);
        deepEqual(
          after,
          { ...state, ...left(state, after) },
          `${call.method} ${call.target}: ${status} changed something`,
        );
      }
    }
  }
  return { calls, statuses, succeeded, described };
}

async function read<T>(server: Perfmock, path: string): Promise<T> {
  const response = await server.fetch(new Request(`http://localhost${path}`));
  return await response.json();
}

/** Calls that make what others are about: a random scenario or session lasts for milliseconds, and no random body is a beacon. */
const FURNITURE: Readonly<Record<string, unknown>> = {
  "/_perfmock/resource_stress/scenarios": {
    memory: { size: "64KiB" },
    lease: "10m",
  },
  "/_perfmock/sessions": { name: "w1" },
  "/_perfmock/exporters/correlation": {
    page: "page-0001",
    url: "http://localhost/",
  },
};

/** Makes the calls of {@linkcode FURNITURE}. */
async function furnish(
  url: URL,
  answers: Answers,
  operations: readonly Operation[],
): Promise<void> {
  for (const operation of operations) {
    const { method, path } = operation;
    if (method !== "POST" || !Object.hasOwn(FURNITURE, path)) continue;
    const { status } = await answers.check(url, {
      operation,
      method,
      target: path,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(FURNITURE[path]),
    });
    ok(status < 400, `${path} is answered with ${status}`);
  }
}

/** State that a refused call must leave as it was. */
interface State {
  readonly revision: number;
  readonly config: Json;
  readonly routes: readonly string[];
  readonly sessions: readonly string[];
  readonly runs: readonly string[];
  readonly scenarios: readonly string[];
}

async function stateOf(server: Perfmock): Promise<State> {
  const base = "/_perfmock";
  const named = async (path: string, ...keys: readonly string[]) => {
    const answer = await read<Record<string, unknown>>(server, base + path);
    // A plugin that has been turned off has no calls.
    return keys.flatMap((key) => {
      const list = answer[key];
      return Array.isArray(list) ? list : [];
    }).map(({ id, name }) => String(id ?? name)).sort();
  };
  return {
    revision: server.revision,
    config: await read<Json>(server, `${base}/config`),
    routes: await named("/routes", "routes"),
    sessions: await named("/sessions", "sessions"),
    runs: await named("/load_engine/runs", "runs"),
    scenarios: await named(
      "/resource_stress/scenarios",
      "scenarios",
      "ended",
    ),
  };
}

/** Lists of things that end by themselves, such as sessions that expire, without those that have ended. */
function left(before: State, after: State): Partial<State> {
  const stays = (key: "sessions" | "runs" | "scenarios") => ({
    [key]: before[key].filter((name) => after[key].includes(name)),
  });
  return { ...stays("sessions"), ...stays("runs"), ...stays("scenarios") };
}

function namesIn({ routes, sessions, runs, scenarios }: State): Names {
  return {
    routes,
    sessions,
    runs,
    scenarios,
    pools: ["db"],
    pages: ["latest"],
  };
}

/**
 * Ends what would take the machine's resources from the calls that follow.
 *
 * @returns false if the changed configuration hides the control API, or would let calls take more of the machine
 */
async function calm(
  server: Perfmock,
  { method, operation, headers }: ControlCase,
  text: string,
): Promise<boolean> {
  if (method === "POST" && operation.path.endsWith("/scenarios")) {
    const { id, resources: { eventLoop, allocation } } = JSON.parse(text);
    if (eventLoop === undefined && allocation === undefined) return true;
    await server.fetch(
      new Request(`http://localhost${operation.path}/${id}`, {
        method: "DELETE",
      }),
    );
  }
  if (!/\/(config|routes\/\{id\})$/.test(operation.path) || method === "GET") {
    return true;
  }
  if ("Perfmock-Session" in headers) return true;
  const response = await server.fetch(
    new Request("http://localhost/_perfmock/config"),
  );
  if (response.status !== 200) {
    await response.body?.cancel();
    return false;
  }
  const { plugins = {} } = await response.json();
  return isObject(plugins) && isObject(plugins.resource_stress) &&
    isObject(plugins.load_engine);
}

/** Compares answers with openapi.json. */
class Answers {
  readonly #document: Document;
  readonly #ajv = new Ajv2020({ strict: false, validateFormats: false });
  readonly #compiled = new Map<unknown, ValidateFunction>();

  constructor(document: Document) {
    this.#document = document;
    this.#ajv.addSchema(closed(document) as Json, "openapi.json");
  }

  /** Sends a call and checks its answer. */
  async check(
    url: URL,
    call: ControlCase,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { method, target, headers, body } = call;
    const response = await fetch(new URL(target, url), {
      method,
      headers,
      ...body !== undefined && { body },
    });
    const { status } = response;
    const type = response.headers.get("content-type");
    const text = await textOf(response, type);
    ok(status < 500, `status ${status}: ${text}`);
    if (method !== call.operation.method) {
      // The path has another operation for this method, or none.
      const other =
        this.#document.paths[call.operation.path][method.toLowerCase()];
      if (other === undefined) {
        ok(status >= 400, `an undocumented method is answered with ${status}`);
        this.#problem(status, type, text);
        return { status, text };
      }
      this.#described(call.operation.path, method, { status, type, text });
      return { status, text };
    }
    this.#described(call.operation.path, method, { status, type, text });
    return { status, text };
  }

  #problem(status: number, type: string | null, text: string): void {
    ok(type === "application/problem+json", `${status} is ${type}: ${text}`);
    this.#validate("#/components/schemas/Problem", JSON.parse(text));
    ok(JSON.parse(text).status === status, text);
  }

  #described(
    path: string,
    method: string,
    { status, type, text }: {
      readonly status: number;
      readonly type: string | null;
      readonly text: string;
    },
  ): void {
    if (status >= 400) return this.#problem(status, type, text);
    const { responses } = this.#document.paths[path][method.toLowerCase()];
    const response = responses[status];
    ok(
      response !== undefined,
      `status ${status} is not described, but ${Object.keys(responses)}`,
    );
    const { content } = response;
    if (content === undefined) {
      ok(text === "" && type === null, `${status} has a body: ${type} ${text}`);
      return;
    }
    const described = Object.keys(content);
    ok(
      type !== null && described.includes(type),
      `type ${type} is not described, but ${described}`,
    );
    const reference = `#/paths/${pointed(path)}/${method.toLowerCase()}` +
      `/responses/${status}/content/${pointed(type)}/schema`;
    if (type === "application/json") {
      this.#validate(reference, JSON.parse(text));
    } else if (type === "text/event-stream") {
      const data = /^data: (.*)$/m.exec(text)?.[1];
      if (data !== undefined) this.#validate(reference, JSON.parse(data));
    } else this.#validate(reference, text);
  }

  #validate(reference: string, value: unknown): void {
    let validate = this.#compiled.get(reference);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: `openapi.json${reference}` });
      this.#compiled.set(reference, validate);
    }
    ok(
      validate(value),
      `not as described: ${this.#ajv.errorsText(validate.errors)}: ${
        JSON.stringify(validate.errors?.map(({ params }) => params))
      } ${JSON.stringify(value).slice(0, 2000)}`,
    );
  }
}

/** Reads a body, and of a stream of events the beginning. */
async function textOf(
  response: Response,
  type: string | null,
): Promise<string> {
  if (type !== "text/event-stream") return await response.text();
  const reader = response.body?.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  while (reader !== undefined && !text.includes("\n\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  await reader?.cancel();
  return text;
}

function pointed(name: string): string {
  return encodeURIComponent(
    name.replaceAll("~", "~0").replaceAll("/", "~1"),
  );
}

/** A copy of a document in which objects with described members may have no others, so that each member must be described. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (!isObject(node)) return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, part]) => [
      key,
      key === "examples" ? part : closed(part),
    ]),
  );
  return isObject(node.properties) && !("additionalProperties" in node) &&
      node.type !== undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}
