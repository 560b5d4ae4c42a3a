import { deepEqual, equal, rejects } from "node:assert/strict";
import { CHANGE_HEADER, READY_HEADER } from "../../../core/fleet/peers.ts";
import {
  askReplica,
  base64Of,
  bytesOf,
  callReplica,
  memberOver,
  responseOf,
} from "../../../core/fleet/replica_calls.ts";
import { PART_HEADER } from "../../../core/lib/replica_call.ts";

const SEGMENT = { index: 0, count: 2 };

const GET = { method: "GET", target: "/x?y=1", headers: {}, body: "" };

function serve(handler: (request: Request) => Response | Promise<Response>) {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    handler,
  );
  const replica = {
    name: "0/2",
    segment: SEGMENT,
    url: `http://127.0.0.1:${server.addr.port}/`,
  };
  return { server, replica };
}

Deno.test("callReplica() sends method, path, query, headers and body, and returns status, body and the headers that matter", async () => {
  const { server, replica } = serve(async (request) => {
    const { method, url, headers } = request;
    const { pathname, search } = new URL(url);
    return new Response(
      [method, pathname + search, headers.get("x-a"), await request.text()]
        .join(" "),
      { status: 201, headers: { etag: '"3"', location: "/n", "x-b": "no" } },
    );
  });
  await using _ = server;
  const answer = await callReplica(replica, {
    ...GET,
    method: "POST",
    body: base64Of(new TextEncoder().encode("größe")),
  }, { headers: { "x-a": "a" }, limit: 5000 });
  deepEqual(answer, {
    status: 201,
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      etag: '"3"',
      location: "/n",
    },
    body: "POST /x?y=1 a größe",
  });
});

Deno.test("callReplica() says why there is no answer: no address, nobody there, or too late", async () => {
  const settings = { headers: {}, limit: 5000 };
  await rejects(
    callReplica({ url: undefined, error: "it is being started" }, GET, {
      ...settings,
    }),
    /^Error: it is being started$/,
  );
  await rejects(
    callReplica({ url: undefined }, GET, settings),
    /^Error: it has no address$/,
  );
  const gone = serve(() => new Response());
  await gone.server.shutdown();
  await rejects(
    callReplica(gone.replica, GET, settings),
    /^Error: it cannot be reached: /,
  );
  const silence = Promise.withResolvers<Response>();
  const { server, replica } = serve(() => silence.promise);
  await using _ = server;
  await rejects(
    callReplica(replica, GET, { ...settings, limit: 30 }),
    /^Error: it did not answer within 0\.03 s$/,
  );
  silence.resolve(new Response());
});

Deno.test("askReplica() says in which form the answer is wanted", async () => {
  const { server, replica } = serve(({ headers }) =>
    new Response(headers.get(PART_HEADER))
  );
  await using _ = server;
  for (const form of ["own", "part"] as const) {
    const { body } = await askReplica(replica, GET, { form, limit: 5000 });
    equal(body, form);
  }
});

Deno.test("memberOver() prepares a change with its body, then commits or abandons it by its id", async () => {
  const seen: string[] = [];
  const { server, replica } = serve(async (request) => {
    const change = request.headers.get(CHANGE_HEADER) ?? "";
    const text = await request.text();
    seen.push(`${change} ${text}`);
    if (text === "bad") return Response.json({ bad: true }, { status: 400 });
    return change.endsWith("prepare")
      ? new Response(null, { status: 204, headers: { [READY_HEADER]: "c1" } })
      : new Response("made");
  });
  await using _ = server;
  const over = (text: string) =>
    memberOver(replica, {
      ...GET,
      method: "POST",
      body: base64Of(new TextEncoder().encode(text)),
    }, "c1");
  const member = over("good");
  equal(await member.prepare(), undefined);
  equal((await member.settle(true)).body, "made");
  equal((await member.settle(false)).status, 200);
  equal((await over("bad").prepare())?.status, 400);
  deepEqual(seen, [
    "c1 prepare good",
    "c1 commit ",
    "c1 abort ",
    "c1 prepare bad",
  ]);
});

Deno.test("responseOf() makes a response without a body of a 204, and base64 keeps every byte", async () => {
  const made = responseOf({ status: 204, headers: {}, body: "" });
  deepEqual([made.status, made.body], [204, null]);
  const answered = responseOf({
    status: 200,
    headers: { etag: "e" },
    body: "b",
  });
  deepEqual([await answered.text(), answered.headers.get("etag")], ["b", "e"]);
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  deepEqual(bytesOf(base64Of(bytes)), bytes);
});
