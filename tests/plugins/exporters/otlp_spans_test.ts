import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { JournalEntry, Outcome } from "../../../core/plugin.ts";
import { SpanWriter } from "../../../plugins/exporters/otlp_spans.ts";
import {
  attributesOf,
  type Span,
  spansIn,
  traceRequest,
} from "./_otlp_trace_schema.ts";

const ENTRY: JournalEntry = {
  number: 0,
  route: "orders",
  pattern: "/api/orders/:id",
  session: null,
  sequence: 7,
  key: null,
  method: "GET",
  path: "/api/orders/12?page=2&sig=s%20",
  arrivalMs: 5,
  time: "2026-03-04T05:06:07.008009Z",
  outcome: "answered",
  status: 200,
  queueMs: 2.0004,
  drawnMs: 10.5,
  degradationMs: 1.25,
  achievedMs: 10.6,
  totalMs: 13.8504,
  latenessMs: 0.1,
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "0123456789abcdef",
  parentSpanId: "fedcba9876543210",
  sampled: true,
  webSocket: null,
};

/** Microseconds since 1970 of the entry's time. */
const START = BigInt(Date.UTC(2026, 2, 4, 5, 6, 7, 8)) * 1000n + 9n;

const writer = new SpanWriter({
  version: "1.2.3",
  instance: "me",
  scheme: () => "https",
});

function written(more: Partial<JournalEntry> = {}): Span[] {
  const { json, count } = writer.spans({ ...ENTRY, ...more });
  const spans = spansIn(writer.request(json));
  equal(spans.length, count);
  return spans;
}

/** Start and end in microseconds since the entry's time. */
function interval({ startTimeUnixNano, endTimeUnixNano }: Span) {
  return [startTimeUnixNano, endTimeUnixNano].map((time) => {
    equal(BigInt(time) % 1000n, 0n);
    return Number(BigInt(time) / 1000n - START);
  });
}

Deno.test("SpanWriter names perfmock, its version and the instance in every request", () => {
  const { json } = writer.spans(ENTRY);
  const [{ resource, scopeSpans: [{ scope }] }] =
    traceRequest.parse(JSON.parse(writer.request(json))).resourceSpans;
  deepEqual(
    resource.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
    [
      ["service.name", "perfmock"],
      ["service.version", "1.2.3"],
      ["service.instance.id", "me"],
    ],
  );
  deepEqual(scope, { name: "perfmock", version: "1.2.3" });
});

Deno.test("SpanWriter writes an exchange as a server span with the attributes of the conventions", () => {
  const [server] = written();
  deepEqual(
    { ...server, attributes: attributesOf(server) },
    {
      traceId: ENTRY.traceId,
      spanId: ENTRY.spanId,
      parentSpanId: "fedcba9876543210",
      flags: 0x301,
      name: "GET /api/orders/:id",
      kind: 2,
      startTimeUnixNano: `${START}000`,
      endTimeUnixNano: `${START + 13850n}000`,
      attributes: {
        "http.request.method": "GET",
        "url.scheme": "https",
        "url.path": "/api/orders/12",
        "url.query": "page=2&sig=REDACTED",
        "http.route": "/api/orders/:id",
        "http.response.status_code": "200",
        "perfmock.route": "orders",
        "perfmock.sequence": "7",
        "perfmock.outcome": "answered",
        "perfmock.drawn_ms": 10.5,
        "perfmock.lateness_ms": 0.1,
      },
    },
  );
});

Deno.test("SpanWriter writes queue, service and degradation as children, one after the other", () => {
  const [server, ...children] = written();
  deepEqual(
    children.map((child) => [child.name, ...interval(child)]),
    [["queue", 0, 2000], ["service", 2000, 12_600], [
      "degrade",
      12_600,
      13_850,
    ]],
  );
  for (const child of children) {
    equal(child.traceId, server.traceId);
    equal(child.parentSpanId, server.spanId);
    equal(child.kind, 1);
    equal(child.flags, 0x101);
    equal(child.attributes, undefined);
  }
});

Deno.test("SpanWriter leaves out parts of no time", () => {
  const names = (more: Partial<JournalEntry>) =>
    written(more).slice(1).map(({ name }) => name);
  deepEqual(names({ queueMs: 0 }), ["service", "degrade"]);
  deepEqual(names({ degradationMs: 0 }), ["queue", "service"]);
  deepEqual(names({ queueMs: 0, degradationMs: 0, totalMs: 0 }), []);
  deepEqual(
    names({ outcome: "rejected", status: 503, queueMs: 0, totalMs: 0.02 }),
    [],
  );
  deepEqual(
    names({ outcome: "rejected", status: 503, degradationMs: 0 }),
    ["queue"],
  );
  // It was reset in service; how much of its degradation it had by then is not known.
  deepEqual(names({ outcome: "reset", status: 0 }), ["queue", "service"]);
});

Deno.test("SpanWriter makes a span without a parent where the client sent none", () => {
  const [server] = written({ parentSpanId: null });
  equal("parentSpanId" in server, false);
  equal(server.flags, 0x101);
});

Deno.test("SpanWriter marks errors of the server, and no others", () => {
  const cases: [Outcome, number, string | undefined][] = [
    ["answered", 200, undefined],
    ["answered", 404, undefined],
    ["answered", 500, "500"],
    ["answered", 599, "599"],
    ["rejected", 429, undefined],
    ["rejected", 503, "503"],
    ["failed", 500, "500"],
    ["failed", 200, "failed"],
    ["reset", 0, "reset"],
    ["cut", 0, "cut"],
    ["cut", 200, "cut"],
    ["gone", 0, undefined],
  ];
  for (const [outcome, status, type] of cases) {
    const [server] = written({ outcome, status });
    const attributes = attributesOf(server);
    deepEqual(server.status, type === undefined ? undefined : { code: 2 });
    equal(attributes["error.type"], type);
    equal(
      attributes["http.response.status_code"],
      status === 0 ? undefined : `${status}`,
    );
    equal(attributes["perfmock.outcome"], outcome);
  }
});

Deno.test("SpanWriter writes unusual requests as the conventions say", () => {
  const first = (more: Partial<JournalEntry>) => written(more)[0];
  const other = first({ method: "PURGE", session: 'w"1', path: "/a?" });
  equal(other.name, "HTTP /api/orders/:id");
  const attributes = attributesOf(other);
  equal(attributes["http.request.method"], "_OTHER");
  equal(attributes["http.request.method_original"], "PURGE");
  equal(attributes["perfmock.session"], 'w"1');
  equal(attributes["url.path"], "/a");
  equal("url.query" in attributes, false);
  const none = attributesOf(first({ path: null, latenessMs: null }));
  ok(!Object.keys(none).some((key) => /^url\.|lateness/.test(key)));
  const infinite = attributesOf(first({ drawnMs: Infinity }));
  equal(infinite["perfmock.drawn_ms"], "Infinity");
});

Deno.test("SpanWriter writes children that add up to their parent, whatever the times", () => {
  const milliseconds = fc.double({ min: 0, max: 1e6, noNaN: true })
    .map((value) => Math.round(value * 1e4) / 1e4);
  const outcomes: Outcome[] = ["answered", "gone", "failed", "cut", "reset"];
  fc.assert(
    fc.property(
      fc.record({
        outcome: fc.constantFrom(...outcomes),
        queueMs: milliseconds,
        degradationMs: milliseconds,
        more: milliseconds,
        date: fc.integer({ min: 1e15, max: 1.9e15 }),
      }),
      ({ queueMs, degradationMs, more, date, outcome }) => {
        const micro = `${date % 1000}`.padStart(3, "0");
        const iso = new Date(Math.floor(date / 1000)).toISOString();
        const [server, ...children] = spansIn(
          writer.request(
            writer.spans({
              ...ENTRY,
              outcome,
              queueMs,
              degradationMs,
              totalMs: queueMs + degradationMs + more,
              time: `${iso.slice(0, -1)}${micro}Z`,
            }).json,
          ),
        );
        equal(server.startTimeUnixNano, `${date}000`);
        let at = server.startTimeUnixNano;
        for (const child of children) {
          equal(child.startTimeUnixNano, at);
          at = child.endTimeUnixNano;
        }
        equal(at, server.endTimeUnixNano);
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});
