import { deepEqual, equal, match } from "node:assert/strict";
import { corsOf } from "../../../core/pipeline/cors.ts";
import { LENGTHLESS } from "../../../core/lib/http.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { tracingFor } from "../../../core/pipeline/trace_context.ts";
import { LiveExchange } from "../../../core/pipeline/exchange.ts";
import { FetchIncoming } from "../../../core/pipeline/incoming.ts";
import { begin } from "../../../core/pipeline/pipeline.ts";
import {
  type AnswerSettings,
  createAnswer,
} from "../../../core/respond/answer.ts";
import { prepareAnswer } from "../../../core/respond/prepared_answer.ts";
import { RawIncoming } from "../../support/incoming.ts";
import { testPlan } from "../../support/plan.ts";

const URL = "http://localhost/r";

interface Given {
  readonly settings?: Partial<AnswerSettings>;
  readonly cors?: boolean;
  readonly closes?: boolean;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Overrides refused. */
  readonly refused?: string;
  readonly hooks?: Parameters<typeof testPlan>[0];
}

function planOf({ settings, cors = true, closes, hooks, refused }: Given) {
  return {
    ...testPlan(hooks),
    status: settings?.status ?? 200,
    override: refused === undefined
      ? undefined
      : (x: LiveExchange) => void (x.refused = refused),
    ...createAnswer({
      status: 200,
      headers: {},
      body: undefined,
      contentType: undefined,
      ...settings,
    }, {
      cors: corsOf(cors),
      closes,
      traces: tracingFor(new MetricRegistry()),
    }),
  };
}

/** Answers one request of an engine that sends bytes. */
function raw(given: Given, fails?: Error) {
  const { method = "GET", headers } = given;
  const incoming = new RawIncoming(method, URL, headers, fails);
  const x = new LiveExchange(planOf(given), method, incoming);
  begin(x);
  return { incoming, x };
}

/** Answers one request of an engine that takes responses. */
async function fetched(given: Given): Promise<Response> {
  const { method = "GET", headers = {} } = given;
  const incoming = new FetchIncoming(new Request(URL, { method, headers }));
  begin(new LiveExchange(planOf(given), method, incoming));
  return await incoming.answer();
}

/** The lines of a head without the trace, which differs, sorted as their order has no meaning. */
function comparable(lines: Iterable<string>): string[] {
  return Array.from(
    lines,
    (line) => line.replace(/desc="[0-9a-f-]{55}"/, "desc=T"),
  ).toSorted();
}

const HTML = { body: "<p>é</p>", contentType: "text/html" };

/** A body that differs between answers, as a template's does. */
const written = (x: { readonly method: string; readonly sequence: number }) =>
  `Größe ${x.sequence}`;

const TEMPLATE: Partial<AnswerSettings> = {
  contentType: "text/plain; charset=utf-8",
  write: written,
  create: (x, headers) =>
    new Response(x.method === "HEAD" ? null : written(x), {
      status: x.status,
      headers: x.method === "HEAD"
        ? [...headers, ["content-length", "9"]]
        : headers,
    }),
};

const SETTINGS: Record<string, Partial<AnswerSettings>> = {
  "nothing": {},
  "a text": { body: "hello", contentType: "text/plain; charset=utf-8" },
  "a text beyond ASCII": HTML,
  "an empty text": { body: "", contentType: "text/plain" },
  "a content type of its own": {
    ...HTML,
    headers: { "Content-Type": "text/csv" },
  },
  "a Vary of its own": { ...HTML, headers: { vary: "Accept" } },
  "headers of its own, one with two values": {
    headers: {
      "x-total": "3",
      "Set-Cookie": ["a=1", "b=2"],
      link: ["<a>", "<b>"],
    },
  },
  "a header of Latin-1": { ...HTML, headers: { "x-name": "J\xfcrgen" } },
  "a cookie": { ...HTML, headers: { "set-cookie": "a=1; Path=/" } },
  "Timing-Allow-Origin and CORS of its own": {
    headers: {
      "timing-allow-origin": "https://a.example",
      "access-control-allow-origin": "*",
    },
  },
  "a Date of its own": { headers: { date: "Thu, 01 Jan 1970 00:00:00 GMT" } },
  "204": { status: 204 },
  "205": { status: 205 },
  "304": { status: 304, headers: { etag: '"a"' } },
  "404": { status: 404, ...HTML },
  "an unknown status": { status: 599, ...HTML },
  "a text that differs between answers": TEMPLATE,
  "such a text and a status": { ...TEMPLATE, status: 404 },
};

const REQUESTS: Record<string, Given> = {
  "GET": {},
  "HEAD": { method: "HEAD" },
  "GET of a page of another origin": {
    headers: { origin: "http://app.example" },
  },
  "GET of a page of another origin without CORS": {
    cors: false,
    headers: { origin: "http://app.example" },
  },
  "GET with refused overrides": { refused: 'unknown override "x"' },
  "HEAD with all of it": {
    method: "HEAD",
    headers: { origin: "" },
    refused: "r",
  },
};

for (const [what, settings] of Object.entries(SETTINGS)) {
  Deno.test(`prepared bytes have the header lines of the Response for a route with ${what}`, async () => {
    for (const [request, given] of Object.entries(REQUESTS)) {
      const { incoming, x } = raw({ ...given, settings });
      equal(incoming.sent.length, 1, request);
      deepEqual([x.outcome, x.status], ["answered", settings.status ?? 200]);
      const { lines: [status, ...lines], body } = incoming.message();
      const response = await fetched({ ...given, settings });
      const bytes = new Uint8Array(await response.arrayBuffer());
      match(status, new RegExp(`^HTTP/1\\.1 ${response.status} [ A-Za-z]*$`));
      const expected = [...response.headers].map(([name, value]) =>
        `${name}: ${value}`
      );
      // An engine that takes responses adds the length to a body; an answer to HEAD has to carry it.
      if (given.method !== "HEAD" && !LENGTHLESS.has(response.status)) {
        expected.push(`content-length: ${bytes.length}`);
      }
      deepEqual(comparable(lines), comparable(expected), request);
      if (given.method !== "HEAD") {
        equal(body, new TextDecoder().decode(bytes), request);
      }
    }
  });
}

Deno.test("prepared bytes have the standard reason phrase, or an empty one", () => {
  const status = (status: number) =>
    raw({ settings: { status } }).incoming.message().lines[0];
  deepEqual([200, 404, 503, 599].map(status), [
    "HTTP/1.1 200 OK",
    "HTTP/1.1 404 Not Found",
    "HTTP/1.1 503 Service Unavailable",
    "HTTP/1.1 599 ",
  ]);
});

Deno.test("an error while the text of an answer is written ends in a 500", async () => {
  const { incoming, x } = raw({
    settings: {
      ...TEMPLATE,
      write() {
        throw new Error("no text");
      },
    },
  });
  deepEqual([incoming.sent.length, x.status], [0, 500]);
  equal((await incoming.responses[0]).status, 500);
});

Deno.test("a route that closes connections says so in prepared bytes, responses and refusals alike", async () => {
  const settings = { headers: { Connection: "close" }, body: "x" };
  equal(raw({ settings }).incoming.sent[0].answer.closes, true);
  equal(raw({}).incoming.sent[0].answer.closes, false);
  equal((await fetched({ settings })).headers.get("connection"), "close");
  const refused = await fetched({
    closes: true,
    hooks: { admit: [() => ({ reason: "r", status: 503 })] },
  });
  deepEqual([refused.status, refused.headers.get("connection")], [
    503,
    "close",
  ]);
});

Deno.test("prepareAnswer() tells whether a Date is configured", () => {
  const date = (headers: HeadersInit) =>
    prepareAnswer(new Response(null, { headers }), "")?.date;
  deepEqual([date({}), date({ date: "today" })], [false, true]);
});

for (
  const name of [
    "Content-Length",
    "Keep-Alive",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Server-Timing",
    "Perfmock-Sequence",
    "Access-Control-Expose-Headers",
  ]
) {
  Deno.test(`a route with a header ${name} answers with a Response`, async () => {
    const { incoming } = raw({ settings: { headers: { [name]: "5" } } });
    deepEqual([incoming.sent.length, incoming.responses.length], [0, 1]);
    equal((await incoming.responses[0]).headers.get(name)?.[0], "5");
  });
}

Deno.test("an answer is a Response where hooks shape it, a source creates it, or it is no answer of the route", () => {
  for (
    const given of [
      { hooks: { respond: [(_: unknown, response: Response) => response] } },
      { settings: { create: () => new Response("made") } },
      { hooks: { admit: [() => ({ reason: "r", status: 503 })] } },
      {
        hooks: {
          serve: () => {
            throw new Error("boom");
          },
        },
      },
      // A header may carry bytes beyond ASCII, which lines of text cannot.
      { headers: { origin: "http://caf\xe9.example" } },
    ]
  ) {
    const { incoming } = raw(given);
    deepEqual([incoming.sent.length, incoming.responses.length], [0, 1]);
  }
});

Deno.test("an error while bytes are sent is reported and answered with 500", async () => {
  const { incoming, x } = raw({ settings: HTML }, new Error("no bytes"));
  const response = await incoming.responses[0];
  deepEqual([response.status, x.status, x.slot], [500, 500, -1]);
  match((await response.json()).detail, /no bytes/);
});

Deno.test("an answer to HEAD loses the route's length where a hook gives it a body", async () => {
  const settings = { body: "hello", contentType: "text/plain" };
  const other = ({ headers }: Response) => new Response("else", { headers });
  for (
    const [hook, length] of [
      [(response: Response) => response, "5"],
      [other, null],
      [(response: Response) => Promise.resolve(other(response)), null],
      [({ headers }: Response) => new Response(null, { headers }), "5"],
    ] as const
  ) {
    const respond = [(_: unknown, response: Response) => hook(response)];
    const { headers } = await fetched({
      settings,
      method: "HEAD",
      hooks: { respond },
    });
    equal(headers.get("content-length"), length);
  }
});
