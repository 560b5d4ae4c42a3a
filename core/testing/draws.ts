/**
 * Snapshots of draws: the service times that requests receive, as text that is kept beside a test.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { Perfmock } from "../app.ts";
import type { JournalEntry } from "../plugin.ts";
import { checkGiven, DRAW_OPTIONS } from "./options.ts";
import { count, failed, invalid } from "./values.ts";

/** Decimals of a draw in ms: microseconds, below which draws may differ between versions of V8. */
const DECIMALS = 3;

/** Maximum number of differences that a message lists. */
const LISTED = 10;

/** Choice of draws. */
export interface DrawOptions {
  /** Number of draws of each route. Default 20. */
  readonly count?: number;
  /** Ids of the routes. Default all that have a service time. */
  readonly routes?: readonly string[];
}

/**
 * Writes the draws of the first requests of each route: lines of a route's id, a sequence number and a service time in ms. They are
 * those that a run with this seed and configuration has; nothing is sent.
 *
 * ```ts
 * import { assertSameDraws, createTestServer, drawsOf, drawsOfRun } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({
 *   seed: 42,
 *   routes: [{ id: "orders", path: "/orders", serviceTime: "exponential(mean=50ms)" }],
 * });
 * const kept = drawsOf(server.server, { count: 2 }); // "orders 0 …\norders 1 …\n", kept beside the test
 * await server.measure("/orders", 2);
 * assertSameDraws(drawsOfRun(server.server.requests()), kept);
 * ```
 *
 * @throws PerfmockError `ARGUMENT_INVALID` if there is no such route, or with all issues of the options
 */
export function drawsOf(
  server: Pick<Perfmock, "draw" | "routes">,
  options: DrawOptions = {},
): string {
  return atCaller(drawsOf, () => {
    checkGiven("list draws", options, DRAW_OPTIONS);
    const { count = 20, routes } = options;
    const ids = routes ?? server.routes.map(({ id }) => id);
    return ids.flatMap((id) => {
      const draws = Array.from(
        { length: count },
        (_, sequence) => server.draw(id, sequence),
      );
      // A route without a service time draws 0, always.
      return routes === undefined && draws.every((draw) => draw === 0)
        ? []
        : draws.map((draw, sequence) => lineOf(id, sequence, draw));
    }).join("");
  });
}

/**
 * Writes the draws of a run from its journal, in the order of routes and sequence numbers.
 *
 * @param entries exchanges, as `requests()` of a server or the control call `GET requests` yields them
 */
export function drawsOfRun(
  entries: Iterable<Pick<JournalEntry, "route" | "sequence" | "drawnMs">>,
): string {
  return [...entries]
    .sort((a, b) =>
      Number(a.route > b.route) - Number(a.route < b.route) ||
      a.sequence - b.sequence
    )
    .map(({ route, sequence, drawnMs }) => lineOf(route, sequence, drawnMs))
    .join("");
}

function lineOf(route: string, sequence: number, drawn: number): string {
  return `${route} ${sequence} ${drawn.toFixed(DECIMALS)}\n`;
}

/**
 * Asserts that draws equal those of a snapshot.
 *
 * @param actual text of {@linkcode drawsOf} or {@linkcode drawsOfRun}
 * @param kept text from an earlier run
 * @throws AssertionError with the differences; PerfmockError `ARGUMENT_INVALID` if a text has other lines than draws
 */
export function assertSameDraws(actual: string, kept: string): void {
  return atCaller(assertSameDraws, () => {
    const now = read(actual, "the draws");
    const before = read(kept, "the snapshot");
    const differences = [
      ...[...before].flatMap(([place, time]) => {
        const drawn = now.get(place);
        if (drawn === time) return [];
        return [
          drawn === undefined
            ? `${place}: no draw, ${time} ms in the snapshot`
            : `${place}: ${drawn} ms, ${time} ms in the snapshot`,
        ];
      }),
      ...[...now].filter(([place]) => !before.has(place))
        .map(([place, time]) => `${place}: ${time} ms, not in the snapshot`),
    ];
    if (differences.length === 0) return;
    const more = differences.length - LISTED;
    throw failed(
      [
        `${count(differences.length, "draw")} of ${
          new Set([...before.keys(), ...now.keys()]).size
        } ${
          differences.length === 1 ? "differs" : "differ"
        } from the snapshot; a changed seed, route id or service time changes them`,
        ...differences.slice(0, LISTED).map((line) => `  ${line}`),
        ...more > 0 ? [`  and ${more} more`] : [],
      ].join("\n"),
      { actual, expected: kept, operator: "assertSameDraws" },
    );
  });
}

/** Reads draws: route and sequence number to the time as written. */
function read(text: string, of: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "") continue;
    const [, place, time] = /^(.+ \d+) (\d+\.\d+)$/.exec(line) ?? [];
    if (place === undefined) {
      throw invalid("compare draws", [{
        path: "",
        message: `Line ${index + 1} of ${of} is no draw: ${
          JSON.stringify(line)
        }`,
        value: line,
        allowed: "a route's id, a sequence number and a time in ms",
      }]);
    }
    found.set(place, time);
  }
  return found;
}
