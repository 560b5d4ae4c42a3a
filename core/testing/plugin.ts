/**
 * One plugin alone, on virtual time: no other plugin is on, so that all effects are its own.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { PerfmockInput } from "../config/mod.ts";
import type { Host, Metric, Plugin } from "../plugin.ts";
import {
  createTestServer,
  type TestAnswer,
  type TestServer,
} from "./server.ts";
import { checkGiven, PLUGIN_SERVER_OPTIONS } from "./options.ts";
import { failed, invalid } from "./values.ts";

/** Settings of a plugin that runs alone. */
export interface PluginServerOptions {
  /** Options of the plugin, as users write them. Default `{}`. */
  readonly options?: unknown;
  /** Keys of the route `GET /`, as users write them. Default none. */
  readonly route?: Readonly<Record<string, unknown>>;
  /** Further configuration, such as more routes; the route `GET /` comes last. */
  readonly config?: PerfmockInput;
  /** Built-in plugins that stay on, such as `distributions` for `serviceTime`. Those that the plugin requires stay on anyway. */
  readonly beside?: readonly string[];
}

/** A plugin alone, in a server on virtual time. */
export interface PluginServer extends TestServer {
  /**
   * Sends a request, like {@linkcode TestServer.request}.
   *
   * @param path path or URL. Default `/`
   * @throws AssertionError if the plugin's code failed meanwhile
   */
  request(path?: string, init?: RequestInit): Promise<TestAnswer>;
  /**
   * Calls one of the plugin's control calls.
   *
   * @param target method and path below `/_perfmock/NAME`, such as `PUT /factor`
   * @param body value that is sent as JSON. Default none
   */
  control(target: string, body?: unknown): Promise<ControlAnswer>;
  /** Returns the plugin's report in `stats`; null if it makes none. */
  snapshot(): unknown;
  /**
   * Returns the value of a metric: a counter's, a gauge's, or the number of durations of a timing.
   *
   * @param labels label values, in the order of the definition
   * @throws AssertionError if there is no such series
   */
  metric(name: string, ...labels: readonly string[]): number;
  /** Services that core offers to plugins, such as dials and distributions. */
  readonly host: Host;
  /** Errors of the plugin's code so far, as the log has them. */
  readonly errors: readonly string[];
}

/** Answer to a control call. */
export interface ControlAnswer {
  /** Status. */
  readonly status: number;
  /** Body: the parsed value of a body in JSON, else the text. */
  readonly body: unknown;
}

const ACTION = "run a plugin alone";

/**
 * Runs one plugin alone on virtual time, on the route `GET /`.
 *
 * ```ts
 * import { createPluginServer } from "@perfmock/perfmock/testing";
 * import { definePlugin, type Plugin } from "@perfmock/perfmock/plugin";
 *
 * const plugin: Plugin = definePlugin({
 *   name: "minute",
 *   version: "1.0.0",
 *   setup: () => ({ route: () => ({ degrade: () => 60_000 }) }),
 * });
 *
 * await using test = await createPluginServer(plugin);
 * console.assert((await test.request()).duration === 60_000);
 * ```
 *
 * @throws PerfmockError with all errors of the options, the route and the plugin
 */
export function createPluginServer(
  plugin: Plugin,
  given: PluginServerOptions = {},
): Promise<PluginServer> {
  return atCaller(createPluginServer, async (): Promise<PluginServer> => {
    checkGiven(ACTION, given, PLUGIN_SERVER_OPTIONS);
    const { options = {}, route = {}, config = {}, beside = [] } = given;
    const { BUILTIN: { plugins: builtin } } = await import("../builtin.ts");
    const errors: string[] = [];
    let host: Host | undefined;
    const observer: Plugin = {
      name: "plugin_under_test_observer",
      version: "1.0.0",
      setup(given) {
        host = given;
        return {};
      },
    };
    const test = await createTestServer(
      {
        ...config,
        plugins: {
          ...othersOff(
            Object.keys(builtin),
            [...beside, ...plugin.requires ?? []],
          ),
          ...config.plugins,
          [plugin.name]: options,
        },
        routes: [...config.routes ?? [], { path: "/", ...route }],
      },
      {
        // A built-in plugin is there already.
        plugins: builtin[plugin.name] === plugin
          ? [observer]
          : [plugin, observer],
        log: (level, line) => {
          if (level === "error") errors.push(line);
        },
      },
    );
    const { server } = test;
    const known = host as unknown as Host;
    return {
      ...test,
      host: known,
      errors,
      async request(path = "/", init) {
        const before = errors.length;
        const answer = await test.request(path, init);
        if (errors.length === before) return answer;
        await answer.response.body?.cancel();
        throw failed(errors.slice(before).join("\n"), { operator: "request" });
      },
      async control(target, body) {
        const [method, path = ""] = target.split(" ");
        const { response } = await test.request(
          `${server.config.control.path}/${plugin.name}${path}`,
          { method, ...body !== undefined && { body: JSON.stringify(body) } },
        );
        return { status: response.status, body: await bodyOf(response) };
      },
      snapshot: () => server.stats().plugins[plugin.name] ?? null,
      metric: (name, ...labels) => valueOf(known, name, labels),
    };
  });
}

/** Switches the built-in plugins off, but for some. */
function othersOff(
  names: readonly string[],
  on: readonly string[],
): Record<string, false> {
  const unknown = on.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    throw invalid(ACTION, [{
      path: "options.beside",
      message: `There is no built-in plugin "${unknown[0]}"`,
      value: unknown[0],
      allowed: names.join(", "),
    }]);
  }
  return Object.fromEntries(
    names.filter((name) => !on.includes(name)).map((name) => [name, false]),
  );
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  return /\bjson\b/.test(`${response.headers.get("content-type")}`)
    ? JSON.parse(text)
    : text;
}

function valueOf(
  { metrics }: Host,
  name: string,
  labels: readonly string[],
): number {
  const all = [...metrics.all()];
  const metric = all.find(({ definition }) => definition.name === name);
  const series = metric && seriesOf(metric, labels);
  if (series !== undefined) {
    return "value" in series ? series.value : series.count;
  }
  throw failed(
    metric === undefined
      ? `There is no metric ${name}, only ${
        all.map(({ definition }) => definition.name).join(", ")
      }`
      : `The metric ${name} has no series (${labels.join(", ")}), only ${
        [...metric.entries()].map(([values]) => `(${values.join(", ")})`)
          .join(", ")
      }`,
    { operator: "metric" },
  );
}

/** A series with these label values; undefined if there is none. It is not made, which would change the plugin's metrics. */
function seriesOf(metric: Metric, labels: readonly string[]) {
  for (const [values, series] of metric.entries()) {
    if (
      values.length === labels.length &&
      values.every((value, i) => value === labels[i])
    ) return series;
  }
  return undefined;
}
