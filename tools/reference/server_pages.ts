/**
 * Pages of the reference on a server: its metrics, control calls and dials.
 *
 * @module
 */
import { createServer } from "../../core/app.ts";
import type { PerfmockInput } from "../../core/config/mod.ts";
import {
  type DialAddress,
  type Dials,
  type Plugin,
  schemaDocument,
} from "../../core/plugin.ts";
import { code, page, sentence, table } from "./markdown.ts";
import { isNode, type Node, SchemaTables } from "./schema_tables.ts";

/** Configuration of a server that has everything of which there are metrics, dials and calls. */
export const EVERYTHING: PerfmockInput = {
  presets: { slow: { backend: { scale: 2 } } },
  plugins: {
    limiter: {
      pools: {
        db: {
          concurrency: 1,
          background: { rate: "1/s", serviceTime: "1ms" },
        },
      },
    },
    exporters: {
      otlp: { traces: { endpoint: "http://127.0.0.1:9/v1/traces" } },
    },
  },
  routes: [
    { path: "/limited", limiter: "db" },
    { path: "/faulty", faults: [{ share: 0.5, status: 500 }] },
    {
      path: "/paced",
      serviceTime: "1ms",
      response: { text: "abc" },
      wire: { gap: "1ms", bandwidth: "1MiB/s" },
    },
    { path: "/proxied", response: { proxy: "http://127.0.0.1:9/" } },
    { path: "/socket", websocket: { echo: true } },
  ],
};

/** The pages, by file name. */
export async function serverPages(): Promise<Record<string, string>> {
  let dials: Dials | undefined;
  const observer: Plugin = {
    name: "reference",
    version: "1.0.0",
    setup(host) {
      dials = host.dials;
      return {};
    },
  };
  await using server = await createServer(EVERYTHING, {
    listen: false,
    log: () => {},
    plugins: [observer],
  });
  if (dials === undefined) throw new Error("The plugin was not set up");
  const answer = await server.fetch(
    new Request("http://127.0.0.1/_perfmock/openapi.json"),
  );
  return {
    "metrics.md": metricsPage(server),
    "dials.md": dialsPage(dials),
    "control.md": controlPage(await answer.json() as Node),
  };
}

function metricsPage(
  { world }: Pick<Awaited<ReturnType<typeof createServer>>, "world">,
): string {
  const rows = [...world.metrics.all()]
    .toSorted(({ definition: a }, { definition: b }) =>
      a.name < b.name ? -1 : 1
    )
    .map(({ definition: { name, help, labels = [] }, type }) => [
      code(name),
      type,
      // A column that is empty everywhere would be left out.
      labels.map(code).join(", "),
      help,
    ]);
  return page({
    title: "Reference: metrics",
    text:
      `Every metric, by the name that Prometheus and OpenTelemetry see. Durations are in seconds, sizes in bytes. [metrics.md](../metrics.md)
explains labels, how exact percentiles are, and limits; [exporters.md](../exporters.md) the names in StatsD. The metrics of pools, paced
bodies, proxies, WebSockets and runs exist where they are used.`,
    made: "the metrics of a server",
    body: table(["metric", "type", "labels", "meaning"], rows),
  });
}

function dialsPage(dials: Dials): string {
  const rows = new Map<string, readonly string[]>();
  for (const address of dials.list()) {
    const { kind, dial } = address;
    const example = { route: "orders", pool: "db", backend: "all" }[kind] ??
      "NAME";
    rows.set(`${kind} ${dial}`, [
      code(kind),
      code(dial),
      code(`{ ${kind}: ${example}, dial: ${dial} }`),
      valueOf(address, dials),
      dials.summaryOf(address) ?? "",
    ]);
  }
  return page({
    title: "Reference: dials",
    text:
      `Every value that a load script (\`executor: modulate\`), an experiment or a plugin can change while requests are in flight. It lies over the
configuration and is put back at the end. [load_runs.md](../load_runs.md#dials) explains them.`,
    made: "the dials of a server",
    body: table(
      ["of", "dial", "address", "values", "meaning"],
      [...rows].toSorted(([a], [b]) => a < b ? -1 : 1).map(([, row]) => row),
    ),
  });
}

/** Values of a dial, in words. */
function valueOf(address: DialAddress, dials: Dials): string {
  const type = dials.typeOf(address);
  if (type === undefined) return "";
  const schema = schemaDocument(type);
  if (Array.isArray(schema.enum)) return "name of a preset";
  return new SchemaTables(schema, {
    links: { Distribution: "[distribution](distributions.md)" },
    signals: "[signal](signals.md)",
  }).valueOf("");
}

const METHODS = ["get", "post", "put", "patch", "delete"];

function controlPage(document: Node): string {
  const groups = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(document.paths as Node)) {
    for (const method of METHODS) {
      const operation = (operations as Node)[method];
      if (!isNode(operation)) continue;
      const tag = String((operation.tags as unknown[])[0]);
      const calls = groups.get(tag) ?? [];
      groups.set(tag, calls);
      calls.push(
        callSection(document, `${method.toUpperCase()} ${path}`, operation),
      );
    }
  }
  return page({
    title: "Reference: control calls",
    text:
      `Every call of the control API, and every endpoint of a plugin. [control.md](../control.md) explains them with examples;
\`GET /_perfmock/openapi.json\` describes them, and their answers, in OpenAPI 3.1. Errors are answered with a
[problem document](../errors.md).`,
    made: "the endpoints of a server",
    body: [...groups].map(([tag, calls]) => `## ${tag}\n\n${calls.join("\n")}`)
      .join("\n"),
  });
}

function callSection(document: Node, call: string, operation: Node): string {
  const parts = [`### ${call}\n`, `${sentence(String(operation.summary))}\n`];
  const parameters = (operation.parameters ?? []) as Node[];
  const rows = parameters.filter((one) => one.in !== "path").map((one) => {
    const schema = isNode(one.schema) ? one.schema : {};
    return [
      code(String(one.name)),
      String(one.in),
      Array.isArray(schema.enum)
        ? schema.enum.map((value) => code(String(value))).join(" or ")
        : "",
      String(one.description ?? schema.description ?? ""),
    ];
  });
  if (rows.length > 0) {
    parts.push(table(["parameter", "in", "value", "meaning"], rows));
  }
  const body = bodyOf(operation);
  if (isNode(body?.properties)) {
    const tables = new SchemaTables(document, {
      links: {},
      signals: "[signal](signals.md)",
    }).write({ ...body, description: undefined }, "", "Body");
    parts.push(tables.replaceAll(/^## /gm, "#### "));
  } else if (typeof body?.description === "string") {
    parts.push(`Body: ${sentence(body.description)}\n`);
  }
  const answers = Object.entries(operation.responses as Node)
    .filter(([status]) => status !== "default")
    .map(([status, response]) => {
      const types = Object.keys(
        isNode(response) && isNode(response.content) ? response.content : {},
      );
      return types.length === 0
        ? code(status)
        : `${code(status)} with ${types.map(code).join(", ")}`;
    });
  parts.push(`Answer: ${answers.join("; ")}.\n`);
  return parts.join("\n");
}

/** Schema of the body of a call, of its first content type. */
function bodyOf({ requestBody }: Node): Node | undefined {
  if (!isNode(requestBody) || !isNode(requestBody.content)) return undefined;
  const [first] = Object.values(requestBody.content);
  return isNode(first) && isNode(first.schema) ? first.schema : undefined;
}
