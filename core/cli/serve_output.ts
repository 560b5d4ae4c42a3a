/**
 * Lines that `serve` prints at its start and at its end, and the file that tells others of it.
 *
 * @module
 */
import type { Perfmock } from "../app.ts";
import { PerfmockError } from "../errors.ts";
import type { RouteFigures } from "../observe/figures.ts";
import type { Stats } from "../observe/stats.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs an operation on the file of --ready-file.
 *
 * @throws PerfmockError where `write` fails
 */
export function withReadyFile(file: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot write --ready-file", [{
      path: "",
      message,
      value: file,
      allowed: "a file in a folder that exists and may be written to",
    }], { cause: error });
  }
}

/** Server as the greeting describes it. */
export type Greeted = Pick<Perfmock, "config" | "routes" | "url">;

/**
 * Prints the address, the routes, and a command to try.
 *
 * @param engine HTTP server that runs, and in how many processes
 */
export function greet(
  server: Greeted,
  { engine, source }: { readonly engine: string; readonly source: string },
  out: Terminal,
): void {
  out.write(
    `${out.bold(`perfmock on ${server.url}`)}  ${
      out.dim(`${source}, engine ${engine}`)
    }\n\n`,
  );
  const rows = server.routes.map((route) => [
    route.methods.join(","),
    route.path,
    route.does.join("; ") || "at once",
  ]);
  const width = (column: number) =>
    Math.max(0, ...rows.map((row) => row[column].length));
  const [methods, paths] = [width(0), width(1)];
  for (const [method, path, does] of rows) {
    out.write(
      `  ${method.padEnd(methods)}  ${path.padEnd(paths)}  ${out.dim(does)}\n`,
    );
  }
  const example = server.routes.find((route) =>
    route.methods.includes("GET") && !/[:*]/.test(route.path) &&
    route.settings.when === undefined
  );
  const path = example?.path ?? `${server.config.control.path}/health`;
  // curl does not trust a self-signed certificate.
  const trust = server.config.server.tls === "self-signed" ? "k" : "";
  out.write(`\n  curl -i${trust} ${new URL(path, server.url)}\n`);
}

/**
 * Prints the figures of each route, and the number of requests that are not in them.
 *
 * @param all number of requests that have reached a route since the start, those of sessions included. Default those of the figures
 */
export function summarise(
  { routes, unmatched }: Pick<Stats, "routes" | "unmatched">,
  out: Terminal,
  all = 0,
): void {
  const rows = Object.entries(routes).filter(([, figures]) =>
    figures.arrivals > 0
  );
  if (rows.length > 0) writeTable(rows, out);
  const others = all -
    rows.reduce((sum, [, { arrivals }]) => sum + arrivals, 0);
  const lines = [
    ...unmatched > 0 ? [`${requests(unmatched)} matched no route`] : [],
    ...others > 0
      ? [`${requests(others)} arrived in sessions, or before the last reset`]
      : [],
  ];
  if (rows.length === 0 && lines.length === 0) {
    lines.push("No requests arrived");
  }
  for (const line of lines) out.write(`${line}\n`);
}

function requests(count: number): string {
  return `${count} ${count === 1 ? "request" : "requests"}`;
}

function writeTable(
  rows: readonly (readonly [string, RouteFigures])[],
  out: Terminal,
): void {
  const ms = (value: number | null) =>
    (value === null ? "-" : value.toFixed(1)).padStart(10);
  const width = Math.max(...rows.map(([id]) => id.length), "route".length);
  out.write(
    `\n${
      "route".padEnd(width)
    }  requests   p50, ms   p99, ms  late p99  gone\n`,
  );
  for (const [id, route] of rows) {
    out.write(
      `${id.padEnd(width)}  ${`${route.arrivals}`.padStart(8)}${
        ms(route.responseTime.p50)
      }${ms(route.responseTime.p99)}${
        (route.lateness.p99 === null ? "-" : route.lateness.p99.toFixed(3))
          .padStart(10)
      }${`${route.gone}`.padStart(6)}\n`,
    );
  }
}
