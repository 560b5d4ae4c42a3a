/**
 * The shipped files of examples/monitoring, and a server on which all happens that they show.
 *
 * @module
 */
import { parse } from "yaml";
import { createPerfmock, type Perfmock } from "../../mod.ts";

const FOLDER = new URL("../../examples/monitoring/", import.meta.url);

/** One query of a panel. */
export interface Target {
  /** In PromQL, with Grafana's variables. */
  readonly expr: string;
  /** Where it is sent. */
  readonly datasource: { readonly uid: string };
}

/** A panel, or a row's title. */
export interface Panel {
  /** Unique in the dashboard. */
  readonly id: number;
  /** `row` has no queries. */
  readonly type: string;
  /** What stands above it. */
  readonly title: string;
  /** What it shows. */
  readonly description?: string;
  /** Its place, 24 to a row. */
  readonly gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>;
  /** Its queries. */
  readonly targets?: readonly Target[];
}

/** The dashboard. */
export interface Dashboard {
  /** By which others link to it. */
  readonly uid: string;
  /** Its panels. */
  readonly panels: readonly Panel[];
  /** Its variables. */
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
  /** What is drawn into all panels. */
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

/** One rule: what it records, or which alert it is. */
export interface Rule {
  /** The name of the series it records. */
  readonly record?: string;
  /** The name of the alert. */
  readonly alert?: string;
  /** In PromQL. */
  readonly expr: string;
}

/** Reads one of the files. */
export function readShipped(name: string): Promise<string> {
  return Deno.readTextFile(new URL(name, FOLDER));
}

/** The dashboard. */
export async function dashboard(): Promise<Dashboard> {
  return JSON.parse(await readShipped("dashboard.json"));
}

/** The rules. */
export async function rules(): Promise<readonly Rule[]> {
  const { groups } = parse(await readShipped("rules.yml")) as {
    groups: { rules: Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** The expressions of a dashboard, as Grafana sends them. */
export function expressions({ panels, annotations }: Dashboard): string[] {
  return [
    ...panels.flatMap(({ targets = [] }) => targets),
    ...annotations.list,
  ].map(({ expr }) =>
    expr.replaceAll("$__rate_interval", "30s")
      .replace(/\$(instance|route|pool)\b/g, ".*")
  );
}

/** Load of perfmock's own. */
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
 * A server with all that the dashboard shows, and what happened on it: answers, a rejection, a fault, a client that left, a run
 * of load.
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

/** Some requests of every kind. */
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
  // Once it is answered, the server has the request before it, too.
  await get("/slow");
  leaving.abort();
  await left;
}
