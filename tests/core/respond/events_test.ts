import { deepEqual, equal } from "node:assert/strict";
import { eventsSource } from "../../../core/respond/events.ts";
import type { EventsSettings } from "../../../core/config/mod.ts";
import { requested, testPlan } from "../../support/plan.ts";

/** Answers a request for events; null where the answer is 204. */
async function answer(
  settings: EventsSettings,
  headers: Record<string, string> = {},
): Promise<string | null> {
  const { x } = requested(
    testPlan(),
    new Request("http://localhost/events/a%20b", { headers }),
  );
  const route = {
    path: "/events/:room",
    stream: () => ({ uniform: () => 0.5 }),
  };
  const { body, status } = eventsSource(settings, route).content(x);
  if (
    status === 204 || body === null || typeof body === "string" ||
    body instanceof Uint8Array
  ) return null;
  let text = "";
  for (;;) {
    const piece = await body.read(1 << 16);
    if (piece === null) return text;
    text += new TextDecoder().decode(piece);
  }
}

/** Ids in an answer, the last one "-" where an event has none. */
function ids(text: string | null): readonly string[] | null {
  return text?.split("\n\n").filter((event) => event !== "")
    .map((event) => /^id: (.*)$/m.exec(event)?.[1] ?? "-") ?? null;
}

const COUNT = 12;

Deno.test("a client that names its last event gets those that follow, whatever the form of the ids", async () => {
  for (
    const id of [
      "{{index}}",
      "e{{index}}",
      "{{index}}0",
      "1{{index}}1",
      "{{index}}{{index}}",
      "{{path.room}}-{{index}}/{{index}}",
    ]
  ) {
    const settings = { count: COUNT, data: "x", id };
    const all = ids(await answer(settings)) ?? [];
    equal(new Set(all).size, COUNT, id);
    for (const [index, last] of all.entries()) {
      const rest = ids(await answer(settings, { "last-event-id": last }));
      deepEqual(
        rest,
        index === COUNT - 1 ? null : all.slice(index + 1),
        `${id} after ${last}`,
      );
    }
  }
});

Deno.test("events begin anew for an id that the stream does not have", async () => {
  const settings = { count: 3, data: "x", id: "e{{index}}" };
  const whole = await answer(settings);
  for (const last of ["", "e", "e3", "e03", "E1", "e1x", "x1", "e99999999"]) {
    equal(await answer(settings, { "last-event-id": last }), whole, last);
  }
  // All events have one id, or none.
  for (const id of ["same", "{{sequence}}", undefined]) {
    const same = { count: 3, data: "x", id };
    equal(
      await answer(same, { "last-event-id": "same" }),
      await answer(same),
    );
  }
});

Deno.test("the last event, which has no id, is sent again after all others", async () => {
  const settings = { count: 2, data: "x", id: "{{index}}", last: "[DONE]" };
  deepEqual(ids(await answer(settings, { "last-event-id": "1" })), ["-"]);
  deepEqual(ids(await answer(settings, { "last-event-id": "0" })), ["1", "-"]);
});

Deno.test("the time to connect again stands before the first event", async () => {
  const settings = { count: 2, data: "x", id: "{{index}}", retry: 2500 };
  equal(
    await answer(settings),
    "retry: 2500\nid: 0\ndata: x\n\nid: 1\ndata: x\n\n",
  );
  equal(
    await answer(settings, { "last-event-id": "0" }),
    "retry: 2500\nid: 1\ndata: x\n\n",
  );
});
