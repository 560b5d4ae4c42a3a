import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { tracingFor } from "../../../core/pipeline/trace_context.ts";
import { nextTurn } from "../../../core/lib/turn.ts";
import type { LiveExchange, Plan } from "../../../core/pipeline/exchange.ts";
import { abandon, begin } from "../../../core/pipeline/pipeline.ts";
import { createAnswer } from "../../../core/respond/answer.ts";
import { flow } from "../../../core/respond/body_stream.ts";
import { BytesBody } from "../../../core/respond/source.ts";
import { requested, type TestPlan, testPlan } from "../../support/plan.ts";

type Hook = (x: LiveExchange, response: Response) => unknown;

interface Given {
  readonly hooks: readonly Hook[];
  /** True for a route whose body goes on after the headers. */
  readonly flows?: boolean;
  /** Service time in ms. Default 0. */
  readonly hold?: number;
}

/** Makes an exchange whose route has respond hooks, and a client that can leave. */
function shaped({ hooks, flows = false, hold = 0 }: Given) {
  const events: string[] = [];
  const planned: TestPlan = testPlan({
    respond: hooks as unknown as Plan["hooks"]["respond"],
    serve: () => hold,
    admit: [() => ({ release: () => void events.push("released") })],
    observe: [
      ({ outcome, status }) => void events.push(`${outcome} ${status}`),
    ],
  });
  const plan = {
    ...planned,
    ...createAnswer({
      status: 200,
      headers: {},
      body: "route",
      contentType: "text/plain",
      ...flows && {
        create: (x) =>
          new Response(
            flow(
              x,
              new BytesBody(new TextEncoder().encode("route")),
              undefined,
            ),
          ),
      },
    }, { cors: undefined, traces: tracingFor(new MetricRegistry()) }),
  };
  const client = new AbortController();
  const { x, incoming } = requested(
    plan,
    new Request("http://localhost/r", { signal: client.signal }),
  );
  begin(x);
  return { answer: incoming.answer(), client, events, plan, x };
}

/** Waits until promises have gone as far as they can. */
const settle = () => nextTurn();

const never = () => new Promise<Response>(() => {});

Deno.test("an exchange goes on until its respond hooks have answered: then its lease goes back and it is observed, with the hook's status", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const { answer, events, plan } = shaped({ hooks: [() => promise] });
  await settle();
  deepEqual([events, plan.flow.size], [[], 1]);
  resolve(new Response("late", { status: 418 }));
  const response = await answer;
  deepEqual([response.status, await response.text()], [418, "late"]);
  deepEqual([events, plan.flow.size], [["released", "answered 418"], 0]);
});

for (const flows of [false, true]) {
  const route = flows ? "with a body that goes on" : "with fixed bytes";
  Deno.test(`an exchange ends when its client leaves a respond hook that never settles, on a route ${route}`, async () => {
    for (
      const hooks of [[never], [(_: unknown, r: Response) => r, never], [
        never,
        (_: unknown, r: Response) => r,
      ]]
    ) {
      const { answer, client, events, plan } = shaped({ hooks, flows });
      await settle();
      client.abort();
      equal((await answer).status, 499);
      deepEqual([events, plan.flow.size], [["released", "gone 200"], 0]);
      deepEqual(plan.reported, []);
    }
  });

  Deno.test(`an exchange ends when the server cuts it while a respond hook runs, on a route ${route}`, async () => {
    const { answer, events, plan, x } = shaped({ hooks: [never], flows });
    abandon(x, "cut");
    equal((await answer).status, 503);
    deepEqual([events, plan.flow.size], [["released", "cut 200"], 0]);
  });

  Deno.test(`a respond hook that rejects makes a failed exchange, on a route ${route}`, async () => {
    const { answer, events, plan } = shaped({
      hooks: [() => Promise.reject(new Error("boom"))],
      flows,
    });
    const response = await answer;
    equal(response.status, 500);
    match((await response.json()).detail, /boom/);
    deepEqual(events, ["released", "failed 500"]);
    deepEqual(plan.reportedHooks, [["respond", 0]]);
  });
}

Deno.test("a respond hook that throws makes a failed exchange", async () => {
  const { answer, events } = shaped({
    hooks: [() => {
      throw new Error("boom");
    }],
  });
  await (await answer).body?.cancel();
  deepEqual(events, ["released", "failed 500"]);
});

Deno.test("an exchange whose hook has read the route's body and then never settles ends when its client leaves", async () => {
  const read = Promise.withResolvers<string>();
  const { answer, client, events, plan } = shaped({
    flows: true,
    hooks: [async (_, response) => {
      read.resolve(await response.text());
      return await never();
    }],
  });
  equal(await read.promise, "route");
  await settle();
  deepEqual([events, plan.flow.size], [[], 1]);
  client.abort();
  equal((await answer).status, 499);
  deepEqual([events, plan.flow.size], [["released", "gone 200"], 0]);
});

Deno.test("an exchange ends whose client has left before its respond hooks began, while nobody watched", async () => {
  const { answer, client, events, plan } = shaped({ hooks: [never], hold: 5 });
  client.abort();
  deepEqual(events, []);
  plan.clock.advance(5);
  equal((await answer).status, 499);
  deepEqual([events, plan.flow.size], [["released", "gone 200"], 0]);
});

Deno.test("an answer that comes after its client has left goes nowhere, and its body is cancelled", async () => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  const { answer, client, events } = shaped({ hooks: [() => promise] });
  client.abort();
  equal((await answer).status, 499);
  let cancelled = 0;
  resolve(new Response(new ReadableStream({ cancel: () => void cancelled++ })));
  await settle();
  deepEqual([cancelled, events], [1, ["released", "gone 200"]]);
});

// ---- Bodies

/** A body of pieces, and of an error behind them. */
function body(error: unknown, ...pieces: readonly unknown[]): ReadableStream {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (error === undefined) controller.close();
      else controller.error(error);
    },
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);

for (const slowly of [false, true]) {
  const when = slowly ? "later" : "at once";
  /** Makes a hook that answers with a response. */
  const answering = (make: () => Response): Hook => () =>
    slowly ? Promise.resolve().then(make) : make();

  Deno.test(`a body that breaks, made by a hook ${when}, breaks the answer and is reported as that hook's failure`, async () => {
    const error = new Error("broken");
    const { answer, plan } = shaped({
      hooks: [
        (_, response) => response,
        answering(() => new Response(body(error, bytes("part")))),
        (_, response) => response,
      ],
    });
    await rejects((await answer).text(), error);
    deepEqual(plan.reported, [error]);
    deepEqual(plan.reportedHooks, [["respond", 1]]);
  });

  Deno.test(`a body that is not what it should be, made by a hook ${when}, is reported as that hook's failure`, async () => {
    const sized = (length: number) => ({
      headers: { "content-length": `${length}` },
    });
    for (
      const [made, reason] of [
        [() => new Response(body(undefined, "a text")), /a Uint8Array.*a text/],
        [() => new Response(body(undefined, bytes("ab")), sized(1)), /longer/],
        [() => new Response(body(undefined, bytes("ab")), sized(3)), /shorter/],
      ] as const
    ) {
      const { answer, plan } = shaped({ hooks: [answering(made)] });
      await rejects((await answer).text(), reason);
      equal(plan.reported.length, 1);
      match(String(plan.reported[0]), reason);
    }
  });

  Deno.test(`a body that a hook makes ${when} arrives unchanged, with its headers`, async () => {
    const { answer, plan } = shaped({
      hooks: [
        answering(() =>
          new Response(body(undefined, bytes("a"), bytes("bc")), {
            status: 201,
            statusText: "Done",
            headers: { "content-length": "3", "x-own": "yes" },
          })
        ),
      ],
    });
    const response = await answer;
    deepEqual(
      [response.status, response.statusText, response.headers.get("x-own")],
      [201, "Done", "yes"],
    );
    equal(await response.text(), "abc");
    deepEqual(plan.reported, []);
  });
}

Deno.test("a body that breaks is reported once, however many hooks have passed it on", async () => {
  const pass = (_: unknown, response: Response) =>
    new Response(response.body?.pipeThrough(new TransformStream()));
  const error = new Error("broken");
  const { answer, plan } = shaped({
    hooks: [() => new Response(body(error)), pass, pass],
  });
  await rejects((await answer).text(), error);
  deepEqual(plan.reportedHooks, [["respond", 0]]);
});

Deno.test("a body that its client does not read to the end is cancelled, and no failure", async () => {
  let cancelled = 0;
  const { answer, plan } = shaped({
    hooks: [() =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(bytes("more")),
          cancel: () => void cancelled++,
        }),
      )],
  });
  const reader = (await answer).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  deepEqual([cancelled, plan.reported], [1, []]);
});

Deno.test("a route's own body that is cut is no failure of the hook that passes it on", async () => {
  const { answer, plan, x } = shaped({
    flows: true,
    hooks: [
      (_, response) =>
        new Response(response.body?.pipeThrough(new TransformStream())),
    ],
  });
  const response = await answer;
  abandon(x, "cut");
  await rejects(response.text());
  deepEqual(plan.reported, []);
});
