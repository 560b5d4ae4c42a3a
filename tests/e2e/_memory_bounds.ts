/** Fills each place that docs/limits.md lists with far more than its bound. */
import { createServer } from "../../core/app.ts";
import { ByteMap } from "../../core/lib/bounded.ts";
import { problem, PROBLEM_BYTES } from "../../core/lib/problem.ts";
import { MOST_STEPS, suggest } from "../../core/lib/suggest.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import {
  ExchangeJournal,
  MOST_ENTRY_BYTES,
} from "../../core/observe/journal.ts";
import { Journals, MOST_ENDED_BYTES } from "../../core/observe/journals.ts";
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import type { SeriesSet } from "../../core/observe/metric_series.ts";
import {
  UNMATCHED_BYTES,
  UnmatchedRequests,
} from "../../core/observe/unmatched.ts";
import { REMEMBERED_BYTES as URL_BYTES } from "../../core/pipeline/edge.ts";
import { LiveExchange } from "../../core/pipeline/exchange.ts";
import {
  REMEMBERED_BYTES as FAULT_BYTES,
  RouteFaults,
} from "../../core/pipeline/faults.ts";
import {
  type Meaning,
  MEANING_BYTES,
  prepareOverride,
  REMEMBERED_BYTES as OVERRIDE_BYTES,
} from "../../core/pipeline/overrides.ts";
import {
  REMEMBERED_BYTES as TURN_BYTES,
  TurnCounts,
} from "../../core/pipeline/turns.ts";
import type { Exchange } from "../../core/plugin.ts";
import { CODED_BYTES, CodedBodies } from "../../core/respond/coding.ts";
import { LONGEST_LINE, safeLog } from "../../core/server/safe_log.ts";
import { Sessions } from "../../core/server/sessions.ts";
import {
  forgetSequences,
  REMOVED_BYTES,
} from "../../core/world/forgotten_sequences.ts";
import type { World } from "../../core/world/world.ts";
import {
  PageLoads,
  type PageRequest,
  PAGES_BYTES,
} from "../../plugins/exporters/correlation/page_loads.ts";
import {
  CLIENT_BYTES,
  clientKey,
  Clients,
} from "../../plugins/limiter/clients.ts";
import {
  PARTITION_BYTES,
  Partitions,
  SLIDING_BYTES,
} from "../../plugins/limiter/rate_limit.ts";
import { createMeter } from "../../plugins/limiter/rate_limit_algorithms.ts";
import {
  beyondBounds,
  ENDED_BYTES,
} from "../../plugins/load_engine/runs/runs.ts";
import { RawIncoming } from "../support/incoming.ts";
import { exchange, testPlan } from "../support/plan.ts";

const encoder = new TextEncoder();
const clock = new VirtualClock();

/** One place, filled. */
export interface Filled {
  /** Number of bytes, or of steps, that it takes, by its own count. */
  readonly taken: number;
  /** The bound in force. */
  readonly bound: number;
}

/** Length of the texts that are sent, in characters. */
const LONG = 60_000;

/** A text that differs from the others only at its end. */
function long(n: number, length = LONG): string {
  return `${"x".repeat(length)}${n}`;
}

/** Numbers from 0. */
function each(count: number, act: (n: number) => void): void {
  for (let n = 0; n < count; n++) act(n);
}

const plan = testPlan();

function withHeader(value: string): LiveExchange {
  const incoming = new RawIncoming("GET", "http://a/r", { "x-id": value });
  return new LiveExchange(plan, "GET", incoming);
}

/** @param all true to allow all overrides; false to allow the delay only */
function overrideOf(all: boolean, remembered: ByteMap<Meaning>) {
  return prepareOverride({
    allowed: { delay: true, profile: all, fault: all },
    distribution: () => undefined,
    fault: () => {
      throw new Error("No fault is named");
    },
    stream: { uniform: () => 0.5 },
    resets: () => true,
    route: "r",
    remembered,
  });
}

function partitions(kind: "token-bucket" | "sliding-window"): Partitions {
  const sliding = kind === "sliding-window";
  const burst = sliding ? 10_000 : 10;
  const all = new Partitions(
    () => createMeter(kind, { burst, window: 1000 }),
    sliding ? burst : 0,
  );
  each(sliding ? 900 : 12_000, (n) => all.of(long(n, sliding ? LONG : 200)));
  return all;
}

/** Fills every place of the table, by the name that it has there. */
export const FILLS: Readonly<Record<string, () => Filled | Promise<Filled>>> = {
  async urls() {
    const routes = [
      { path: "/w/:n", method: "*", when: { query: { a: 1 } } },
      { path: "/:kind/:n", method: "*", response: {} },
    ];
    await using server = await createServer({ routes }, {
      clock: new VirtualClock(),
      listen: false,
    });
    const { edge } = server.world;
    each(1600, (n) => {
      const method = n % 2 === 0 ? "GET" : "POST";
      for (const kind of ["r", "w"]) {
        const path = long(n, n % 16 === 0 ? LONG : 700);
        const url = `http://localhost/${kind}/${path}`;
        edge.receive(new RawIncoming(method, url));
      }
    });
    return { taken: edge.bytes, bound: 3 * URL_BYTES };
  },

  overrides() {
    const remembered = new ByteMap<Meaning>(OVERRIDE_BYTES, MEANING_BYTES);
    const override = overrideOf(true, remembered);
    each(300, (n) => {
      const value = `delay=${long(n, n % 2 === 0 ? LONG : 900)}`;
      const headers = { "perfmock-override": value };
      const incoming = new RawIncoming("GET", "http://a/r", headers);
      override(new LiveExchange(plan, "GET", incoming));
    });
    return { taken: remembered.bytes, bound: OVERRIDE_BYTES };
  },

  "refused overrides"() {
    let taken = 0;
    const override = overrideOf(
      false,
      new ByteMap<Meaning>(OVERRIDE_BYTES, MEANING_BYTES),
    );
    for (const part of ["", "a", "é", "profile", "x".repeat(127), "\x7f\x80"]) {
      for (const count of [1, 7, 8, 9, 60_000]) {
        const x = exchange(plan);
        x.header = () => Array(count).fill(part).join();
        override(x);
        taken = Math.max(taken, encoder.encode(x.refused ?? "").length);
      }
    }
    return { taken, bound: 1024 };
  },

  "first requests"() {
    const faults = new RouteFaults([{
      share: undefined,
      first: 1,
      header: "x-id",
      injected: {
        action: "answer",
        status: 500,
        answer: undefined,
        counter: { add: () => {} },
      },
    }], { uniform: () => 0.5 });
    each(9000, (n) => faults.decide(withHeader(long(n, 200))));
    return { taken: faults.bytes, bound: FAULT_BYTES };
  },

  turns() {
    const counts = new TurnCounts("header:x-id");
    each(9000, (n) => counts.next(long(n, 200)));
    return { taken: counts.bytes, bound: TURN_BYTES };
  },

  "rate limits"() {
    return { taken: partitions("token-bucket").bytes, bound: PARTITION_BYTES };
  },

  "sliding windows"() {
    return { taken: partitions("sliding-window").bytes, bound: SLIDING_BYTES };
  },

  clients() {
    const clients = new Clients(clientKey("x-id"));
    each(1100, (n) => {
      const x: Exchange = withHeader(long(n));
      clients.refused(x, { reason: "queue_full", status: 503 }, n);
    });
    return { taken: clients.bytes, bound: CLIENT_BYTES };
  },

  "unmatched requests"() {
    const list = new UnmatchedRequests();
    each(200, (n) => list.add("M".repeat(LONG), `http://h/${n}/${long(n)}`));
    return { taken: list.bytes, bound: UNMATCHED_BYTES };
  },

  journal() {
    const journal = new ExchangeJournal(64, 0, null, {
      prefix: "0".repeat(16),
    });
    each(200, (n) => {
      const url = `http://localhost/${long(n, n % 2 === 0 ? LONG : 1060)}`;
      const incoming = new RawIncoming("GET", url, { "x-id": long(n) });
      const own = { ...plan, replayedBy: "x-id" };
      journal.record(new LiveExchange(own, "M".repeat(LONG), incoming));
    });
    return { taken: journal.bytes / 64, bound: MOST_ENTRY_BYTES };
  },

  "page loads"() {
    const loads = new PageLoads();
    loads.capacity = 10_000;
    each(200, (n) => {
      const attribution = Object.fromEntries(
        Array.from({ length: 64 }, (_, i) => [`${i}`, "a".repeat(500)]),
      );
      const load = loads.take({
        page: `page-${n}`,
        url: "u".repeat(2048),
        requests: [],
        figures: { LCP: { value: 1, rating: "good", attribution } },
        dropped: 0,
      }, "");
      for (let i = 0; i < 400; i++) {
        loads.add(load, {
          url: "u".repeat(2048),
          initiator: "fetch",
          protocol: "h2",
        } as PageRequest);
      }
    });
    return { taken: loads.bytes, bound: PAGES_BYTES };
  },

  "label values"() {
    const metrics = new MetricRegistry({ seriesLimit: 200 });
    const definition = { name: "a_total", help: "A", labels: ["x"] };
    const counter = metrics.counter(definition) as SeriesSet<unknown>;
    each(1000, (n) => counter.series(`${"\x01".repeat(LONG)}${n}`));
    return { taken: counter.bytes / 201, bound: 8 * 1024 };
  },

  "sequence numbers"() {
    const sequences = new Map(
      Array.from(
        { length: 2000 },
        (_, n) => [long(n, 1000), { turns: undefined }],
      ),
    );
    forgetSequences(sequences, [{ id: "kept" }]);
    let taken = 0;
    for (const id of sequences.keys()) taken += 2 * id.length;
    return { taken, bound: REMOVED_BYTES };
  },

  async "ended sessions"() {
    const sessions = new Sessions({
      clock,
      settings: () => ({ header: "s", limit: 10, expiry: 1000 }),
      create: (session) =>
        Promise.resolve({
          session,
          config: { seed: 1 },
          number: 1,
          flow: { size: 0 },
          end: () => Promise.resolve(),
        } as unknown as World),
      ended: () => {},
      url: () => undefined,
      report: () => {},
    });
    for (let n = 0; n < 1200; n++) {
      const name = `${n}`.padStart(63, "s");
      await sessions.create({ name });
      await sessions.delete(name);
    }
    return { taken: sessions.pastBytes, bound: 512 * 1024 };
  },

  "journals of ended sessions"() {
    const journals = new Journals(() => []);
    journals.read(undefined, 0);
    each(20, () => {
      const journal = new ExchangeJournal(1000, 0, "session", {
        prefix: "0".repeat(16),
      });
      each(1000, (n) => {
        const incoming = new RawIncoming("GET", `http://h/${long(n)}`, {});
        journal.record(new LiveExchange(plan, "GET", incoming));
      });
      journals.ended(journal);
    });
    return { taken: journals.endedBytes, bound: MOST_ENDED_BYTES };
  },

  async "coded files"() {
    const files = new CodedBodies(CODED_BYTES);
    const bytes = new Uint8Array(1 << 20);
    for (let n = 0; n < 100; n++) {
      const key = `br ${long(n)}`;
      await files.make(key, `${n}`, () => Promise.resolve(bytes));
    }
    return { taken: files.bytes, bound: CODED_BYTES };
  },

  async problems() {
    const text = "\x01".repeat(1_000_000);
    const root = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, n) => [`${n}`, text]),
    );
    const issue = {
      path: text,
      message: text,
      value: text,
      allowed: text,
      suggestion: text,
    };
    const response = problem({
      status: 400,
      title: text,
      detail: text,
      code: "ARGUMENT_INVALID",
      issues: Array.from(
        { length: 200_000 },
        (_, n) => n % 2 === 0 ? issue : { path: "", message: "x", value: root },
      ),
    });
    const { length } = await response.text();
    return { taken: length, bound: PROBLEM_BYTES };
  },

  "log lines"() {
    let taken = 0;
    const log = safeLog((_, line) => taken = 2 * line.length);
    log("error", long(1));
    return { taken, bound: 2 * LONGEST_LINE };
  },

  "ended runs"() {
    const runs = Array.from({ length: 100 }, () => ({ bytes: 3 << 20 }));
    const forgotten = new Set(beyondBounds(runs));
    const kept = runs.filter((run) => !forgotten.has(run));
    return { taken: kept.length * (3 << 20), bound: ENDED_BYTES };
  },

  suggestions() {
    const word = "w".repeat(64);
    let compared = 0;
    suggest(
      word,
      function* () {
        for (; compared < 1_000_000; compared++) {
          yield "v".repeat(64);
        }
      }(),
    );
    return { taken: compared * word.length ** 2, bound: MOST_STEPS };
  },
};
