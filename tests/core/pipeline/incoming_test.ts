import { deepEqual, equal } from "node:assert/strict";
import { dismiss, FetchIncoming } from "../../../core/pipeline/incoming.ts";

function incomingOf(init: RequestInit = {}): FetchIncoming {
  return new FetchIncoming(new Request("http://localhost/a?b=1", init), {
    remoteAddr: { hostname: "127.0.0.1" },
  });
}

Deno.test("FetchIncoming presents a Request and the client's address, and sends no prepared bytes", () => {
  const incoming = incomingOf({ method: "PUT", headers: { "X-User": "anna" } });
  const { method, url, client, send } = incoming;
  deepEqual(
    [method, url, client, send],
    ["PUT", "http://localhost/a?b=1", "127.0.0.1", undefined],
  );
  equal(incoming.header("x-user"), "anna");
  equal(incoming.header("x-other"), null);
  equal(new FetchIncoming(incoming.request).client, undefined);
});

Deno.test("FetchIncoming.answer() returns an answer that is there as it is, and promises one that is to come", async () => {
  const [now, later] = [new Response("now"), new Response("later")];
  const soon = incomingOf();
  soon.respond(now);
  equal(soon.answer(), now);
  const waiting = incomingOf();
  const answer = waiting.answer();
  waiting.respond(later);
  equal(await answer, later);
});

Deno.test("FetchIncoming keeps its first answer", async () => {
  const incoming = incomingOf();
  const first = new Response("first");
  incoming.respond(first);
  dismiss(incoming);
  equal(incoming.answer(), first);
  const waiting = incomingOf();
  const answer = waiting.answer();
  waiting.respond(first);
  dismiss(waiting);
  equal(await answer, first);
});

Deno.test("FetchIncoming.reset() answers with a network error", async () => {
  const incoming = incomingOf();
  incoming.reset();
  equal((await incoming.answer()).type, "error");
});

Deno.test("FetchIncoming reports the client's leaving once and settles the request, unless the wait is short", async () => {
  for (const short of [false, true]) {
    const client = new AbortController();
    const incoming = incomingOf({ signal: client.signal });
    let left = 0;
    incoming.onLeave({ left: () => left++ }, short);
    const answer = incoming.answer();
    client.abort();
    equal(left, short ? 0 : 1);
    if (short) incoming.respond(new Response());
    equal((await answer).status, short ? 200 : 499);
  }
});

Deno.test("FetchIncoming reports a client that has left before it was watched, once, and not before the caller has finished", async () => {
  const client = new AbortController();
  const incoming = incomingOf({ signal: client.signal });
  const answer = incoming.answer();
  client.abort();
  let left = 0;
  incoming.onLeave({ left: () => left++ }, false);
  incoming.onLeave({ left: () => left++ }, false);
  equal(left, 0);
  equal((await answer).status, 499);
  equal(left, 1);
});

Deno.test("FetchIncoming reports a client's leaving after the answer, which stays", async () => {
  const client = new AbortController();
  const incoming = incomingOf({ signal: client.signal });
  let left = 0;
  incoming.onLeave({ left: () => left++ }, false);
  incoming.respond(new Response(null, { status: 204 }));
  client.abort();
  deepEqual([left, (await incoming.answer()).status], [1, 204]);
});
