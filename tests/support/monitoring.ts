/**
 * The shipped files of examples/monitoring, and a server with data for all of their panels and rules.
 *
 * @module
 */
import { parse } from "yaml";
import { createPerfmock, type Perfmock } from "../../mod.ts";

const FOLDER = new URL("../../examples/monitoring/", import.meta.url);

/** One query of a panel. */
export interface Target {
  /** PromQL expression, with Grafana's variables. */
  readonly expr: string;
  /** Data source of the query. */
  readonly datasource: { readonly uid: string };
}

/** A panel, or the title of a row. */
export interface Panel {
  /** Id, unique in the dashboard. */
  readonly id: number;
  /** Type of the panel; `row` has no queries. */
  readonly type: string;
  /** Title of the panel. */
  readonly title: string;
  /** Description of the panel. */
  readonly description?: string;
  /** Position and size, in a grid of 24 columns. */
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  /** Queries of the panel. */
  readonly targets?: readonly Target[];
}

/** The dashboard. */
export interface Dashboard {
  /** Id in links. */
  readonly uid: string;
  /** Panels of the dashboard. */
  readonly panels: readonly Panel[];
  /** Variables of the dashboard. */
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
  /** Annotations drawn into all panels. */
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

/** One recording rule or alert. */
export interface Rule {
  /** Name of the recorded series. */
  readonly record?: string;
  /** Name of the alert. */
  readonly alert?: string;
  /** PromQL expression. */
  readonly expr: string;
}

/** Reads one of the shipped files. */
export function readShipped(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, FOLDER));
}

/** Reads the dashboard. */
export async function dashboard(): Promise<Dashboard> {
  return JSON.parse(await readShipped("dashboard.json"));
}

/** Reads the rules. */
export async function rules(): Promise<readonly Rule[]> {
  const { groups } = parse(await readShipped("rules.yml")) as {
    groups: { rules: Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** Expressions of a dashboard, as Grafana sends them. */
export function expressions({ panels, annotations }: Dashboard): string[] {
  return [
    ...panels.flatMap(({ targets = [] }) => targets),
    ...annotations.list,
  ].map(({ expr }) =>
    expr.replaceAll("$__rate_interval", "30s")
      .replace(/\$(instance|route|pool)\b/g, ".*")
  );
}

/** A script of perfmock's load engine. */
const SCRIPT = {
  name: "monitoring",
  scenarios: {
    browse: {
      executor: "arrival-rate",
      rate: "50/s",
      duration: "200ms",
      requests: [{ path: "/none" }],
    },
  },
};

/**
 * A server with data for the whole dashboard: answers, a rejection, an injected fault, a client that disconnected, and a run of the load engine.
 */
export async function busyServer(): Promise<Perfmock> {
  const server = await createPerfmock({
    plugins: { limiter: { pools: { db: { concurrency: 1, queue: 0 } } } },
    routes: [
      { id: "slow", path: "/slow", serviceTime: "60ms", limiter: "db" },
      {
        id: "faulty",
        path: "/faulty",
        faults: [{ share: 1, status: 500 }],
      },
      { id: "hour", path: "/hour", serviceTime: "1h" },
    ],
  });
  await visit(server.url);
  return server;
}

/** Sends requests of every kind. */
export async function visit(base: URL): Promise<void> {
  const get = async (path: string) =>
    await (await fetch(new URL(path, base))).body?.cancel();
  await Promise.all(["/slow", "/slow", "/faulty", "/none"].map(get));
  const run = await fetch(new URL("/_perfmock/load_engine/runs", base), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(SCRIPT),
  });
  if (run.status !== 201) throw new Error(await run.text());
  await run.body?.cancel();
  const leaving = new AbortController();
  const left = fetch(new URL("/hour", base), { signal: leaving.signal })
    .catch(() => {});
  // Once this is answered, the server has also received the request before it.
  await get("/slow");
  leaving.abort();
  await left;
}
