/**
 * perfmock beside other mock servers that the user has started.
 *
 * Each peer is named by an environment variable whose value is a URL that answers after 20 ms:
 *
 * ```sh
 * taskset -c 0 java -jar wiremock-standalone.jar --port 9001 --disable-request-logging --no-request-journal --async-response-enabled true &
 * curl -s http://127.0.0.1:9001/__admin/mappings -d '{ "request": { "method": "GET", "url": "/wait" },
 *   "response": { "status": 200, "body": "ok", "fixedDelayMilliseconds": 20 } }'
 * taskset -c 0 java -jar mockserver-netty-no-dependencies.jar -serverPort 9002 -logLevel WARN &
 * curl -s -X PUT http://127.0.0.1:9002/mockserver/expectation -d '{ "httpRequest": { "path": "/wait" },
 *   "httpResponse": { "body": "ok", "delay": { "timeUnit": "MILLISECONDS", "value": 20 } } }'
 * taskset -c 0 go-httpbin -host 127.0.0.1 -port 9003 -log-level ERROR &
 * PERFMOCK_PEER_WIREMOCK=http://127.0.0.1:9001/wait PERFMOCK_PEER_MOCKSERVER=http://127.0.0.1:9002/wait \
 *   PERFMOCK_PEER_HTTPBIN=http://127.0.0.1:9003/delay/0.02 deno task bench peers
 * ```
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { closedLoop, type Seen } from "./closed_load.ts";
import { startEngines } from "./engines.ts";
import { comparing, inTurn } from "./rounds.ts";
import { median, medianExcess, pick } from "./statistics.ts";

/** Configured delay, in ms. */
const DELAY = 20;
const CONNECTIONS = 100;

/** Start of the name of each environment variable. */
const PREFIX = "PERFMOCK_PEER_";

/** Time for which each server is loaded before it is measured, in s: servers in Java are compiled while they run. */
const WARMUP = 10;

/** Loads perfmock and each peer in turn. */
export const peers: Benchmark = {
  name: "peers",
  measures:
    `Answers with a delay of ${DELAY} ms, seen from outside over ${CONNECTIONS} connections in a closed loop, beside other mock servers; "ahead" is the median over rounds of the peer's time less perfmock's`,
  async run(context) {
    const found = namedPeers(Deno.env.toObject());
    if (found.size === 0) {
      context.note(
        `Left out: no peer is named. Start one whose answer takes ${DELAY} ms and name its URL, as in ${PREFIX}WIREMOCK=http://127.0.0.1:9001/wait; tests/bench/peers.ts has the commands`,
      );
      return [];
    }
    return await compare(context, found);
  },
};

/** Returns the URLs of the peers that environment variables name, by the peer's name in lower case. */
export function namedPeers(
  environment: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(environment)
      .filter(([name, url]) => name.startsWith(PREFIX) && url !== "")
      .map(([name, url]) => [name.slice(PREFIX.length).toLowerCase(), url]),
  );
}

async function compare(
  context: Context,
  found: ReadonlyMap<string, string>,
): Promise<Row[]> {
  const { quick, note } = context;
  const loop = await closedLoop(context);
  const config = {
    routes: [{
      path: "/wait",
      serviceTime: `${DELAY}ms`,
      response: { text: "ok" },
    }],
  };
  const { servers } = await startEngines(context, config);
  const urls = new Map([
    ...[...servers].map(([label, { url }]) => [label, `${url}/wait`] as const),
    ...found,
  ]);
  const drive = (seconds: number) => (url: string) =>
    loop({ url, connections: CONNECTIONS, seconds });
  await inTurn(urls, drive(quick ? 1 : WARMUP), comparing(true));
  const turns = await inTurn(urls, drive(quick ? 1 : 3), comparing(quick));
  note(turns.words);
  const ours = turns.figures.get([...servers.keys()][0] ?? "");
  return [...turns.figures].map(([label, own]) =>
    toRow(label, own, found.has(label) ? ours : undefined)
  );
}

function toRow(
  label: string,
  own: readonly Seen[],
  ours: readonly Seen[] | undefined,
): Row {
  const ahead = (figure: "p50" | "p99") =>
    ours === undefined
      ? NaN
      : medianExcess(pick(own, figure), pick(ours, figure));
  return {
    what: label,
    values: {
      "answers/s": Math.round(median(pick(own, "rate"))),
      "p50 ms": median(pick(own, "p50")),
      "p99 ms": median(pick(own, "p99")),
      "ahead p50 ms": ahead("p50"),
      "ahead p99 ms": ahead("p99"),
    },
    targets: ours === undefined ? [] : [
      { column: "ahead p50 ms", atLeast: 0 },
      { column: "ahead p99 ms", atLeast: 0 },
    ],
  };
}
