import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { PerfmockError } from "../../../core/errors.ts";
import { Fleet, type SessionHeader } from "../../../core/fleet/fleet.ts";
import {
  CHANGE_HEADER,
  type FleetCall,
  type Peers,
  READY_HEADER,
  type Replica,
} from "../../../core/fleet/peers.ts";
import { agreed } from "../../../core/lib/agreement.ts";
import { PART_HEADER } from "../../../core/lib/replica_call.ts";
import type { Endpoint } from "../../../core/plugin.ts";

/** Another replica: answers a call, or undefined where nobody can be reached. */
type Other = ((request: Request) => Response | Promise<Response>) | undefined;

/** A door of replica 1/2; replica 0/2 answers as told. */
function doorWith(other: Other, {
  change = () => Promise.resolve({ status: 200, headers: {}, body: "made" }),
  lost = [],
  separate,
  session,
}: {
  readonly separate?: boolean;
  readonly change?: Peers["change"];
  readonly lost?: readonly string[];
  readonly session?: SessionHeader;
} = {}) {
  const server = other === undefined ? undefined : Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => other(request),
  );
  const first: Replica = {
    name: "0/2",
    segment: { index: 0, count: 2 },
    url: server && `http://127.0.0.1:${server.addr.port}/`,
    ...server === undefined && { error: "it is being started" },
  };
  const own: Replica = {
    name: "1/2",
    segment: { index: 1, count: 2 },
    url: "http://127.0.0.1:9/",
  };
  const fleet = new Fleet({
    own: own.name,
    ...separate !== undefined && { separate },
    list: () => [first, own],
    change,
    reasons: () => [],
    lost: () => lost,
    reset() {},
  });
  const door = fleet.door(session);
  return {
    async answer(
      endpoint: Partial<Endpoint>,
      {
        path = "/_perfmock/x",
        own = (request: Request) =>
          Promise.resolve(
            Response.json({ own: request.headers.get(PART_HEADER) }),
          ),
        ...init
      }: RequestInit & {
        readonly path?: string;
        readonly own?: (request: Request) => Promise<Response>;
      } = {},
    ) {
      const method = endpoint.method ?? "GET";
      const response = await door.answer({
        endpoint: {
          path: "/x",
          summary: "x",
          handle: () => ({}),
          ...endpoint,
          method,
        },
        request: new Request(`http://localhost${path}`, { method, ...init }),
        parameters: {},
      }, own);
      const text = await response.text();
      return { status: response.status, headers: response.headers, text };
    },
    [Symbol.asyncDispose]: async () => await server?.shutdown(),
  };
}

const merge: Endpoint["merge"] = (answers) => ({ merged: answers });

Deno.test("Fleet: a merged answer has the part of each replica, and says whose figures were lost", async () => {
  await using door = doorWith(
    ({ headers }) => Response.json({ other: headers.get(PART_HEADER) }),
    { lost: ["0/2"] },
  );
  const { status, text } = await door.answer({ merge });
  equal(status, 200);
  deepEqual(JSON.parse(text), {
    merged: [
      { name: "0/2", answer: { other: "part" } },
      { name: "1/2", answer: { own: "part" } },
    ],
    replicas: [
      {
        name: "0/2",
        answered: true,
        error: "It was replaced: its figures before that are lost",
      },
      { name: "1/2", answered: true },
    ],
    complete: false,
  });
});

Deno.test("Fleet: an answer that is no object stays as it was merged, and an error of the merge is told", async () => {
  await using door = doorWith(() => Response.json(1));
  const csv = await door.answer({ merge: () => new Response("a,b\n") });
  deepEqual([csv.status, csv.text], [200, "a,b\n"]);
  const list = await door.answer({ merge: (answers) => answers.length });
  deepEqual([list.status, JSON.parse(list.text)], [200, 2]);
  const failed = await door.answer({
    merge() {
      throw new PerfmockError("ARGUMENT_INVALID", "Cannot merge these", []);
    },
  });
  equal(failed.status >= 400, true);
  match(failed.text, /Cannot merge these/);
});

Deno.test("Fleet: where no replica answers a merged call, the refusal of this one is the answer, or why nobody answers", async () => {
  await using door = doorWith(undefined);
  const refused = await door.answer({ merge }, {
    own: () => Promise.resolve(Response.json({ bad: 1 }, { status: 400 })),
  });
  deepEqual([refused.status, refused.text], [400, '{"bad":1}']);
  const failed = await door.answer({ merge }, {
    own: () => Promise.reject(new TypeError("it broke")),
  });
  equal(failed.status, 503);
  const { code, detail } = JSON.parse(failed.text);
  equal(code, "REPLICA_UNREACHABLE");
  equal(detail, "0/2: it is being started; 1/2: it broke");
});

Deno.test("Fleet: a call that says what it wants of this replica alone is answered by it alone", async () => {
  await using door = doorWith(undefined);
  const own = await door.answer({ merge }, {
    headers: { [PART_HEADER]: "own" },
  });
  deepEqual([own.status, own.text], [200, '{"own":"own"}']);
  const plain = await door.answer({});
  deepEqual([plain.status, plain.text], [200, '{"own":null}']);
});

Deno.test("Fleet: a call for the first replica goes to it with the session, and to this one where it cannot be reached", async () => {
  await using door = doorWith(
    ({ headers, method, url }) =>
      new Response(
        `${method} ${new URL(url).search} ${headers.get("x-session")} ${
          headers.get("accept")
        } ${headers.get("cookie")}`,
      ),
    { session: ["x-session", "s1"] },
  );
  const first = await door.answer({ replicas: "first" }, {
    path: "/_perfmock/x?a=1",
    headers: { accept: "text/csv", cookie: "c=1" },
  });
  deepEqual([first.status, first.text], [200, "GET ?a=1 s1 text/csv null"]);
  await using without = doorWith(undefined);
  const own = await without.answer({ method: "POST", replicas: "first" }, {
    body: "größe",
    own: async (request) =>
      new Response(
        `${request.headers.get(PART_HEADER)} ${await request.text()}`,
      ),
  });
  deepEqual([own.status, own.text], [200, "own größe"]);
});

Deno.test("Fleet: the caller can name the replica that answers, and gets its stream as it comes", async () => {
  await using door = doorWith(({ headers, url }) =>
    new Response(`${new URL(url).search} ${headers.get(PART_HEADER)}`, {
      status: 203,
      headers: { "content-type": "text/event-stream" },
    })
  );
  for (const type of [undefined, "text/event-stream"]) {
    const named = await door.answer({ merge, ...type && { type } }, {
      path: "/_perfmock/x?a=1&replica=0/2",
    });
    deepEqual(
      [named.status, named.text, named.headers.get("content-type")],
      [203, "?a=1 own", "text/event-stream"],
    );
  }
  const own = await door.answer({ merge }, {
    path: "/_perfmock/x?replica=1/2",
  });
  equal(own.text, '{"own":"own"}');
  const unknown = await door.answer({}, { path: "/_perfmock/x?replica=7" });
  equal(unknown.status, 404);
  match(unknown.text, /The replicas are 0\/2, 1\/2/);
  const change = await door.answer({ method: "POST" }, {
    path: "/_perfmock/x?replica=0/2",
  });
  equal(change.status, 400);
});

Deno.test("Fleet: a named replica that cannot be reached is named with the reason, also for a stream", async () => {
  await using door = doorWith(undefined);
  for (const type of [undefined, "text/event-stream"]) {
    const { status, text } = await door.answer({ ...type && { type } }, {
      path: "/_perfmock/x?replica=0/2",
    });
    equal(status, 503);
    const { code, detail, title } = JSON.parse(text);
    deepEqual([code, detail, title], [
      "REPLICA_UNREACHABLE",
      "it is being started",
      "Replica 0/2 did not answer",
    ]);
  }
});

Deno.test("Fleet: a change is made by all, with its body; one that cannot be made anywhere says why", async () => {
  const calls: FleetCall[] = [];
  await using door = doorWith(undefined, {
    change(call) {
      calls.push(call);
      return calls.length === 1
        ? Promise.resolve({ status: 204, headers: {}, body: "" })
        : Promise.reject(
          calls.length === 2
            ? new PerfmockError("REPLICA_UNREACHABLE", "Not made anywhere", [])
            : new TypeError("a bug"),
        );
    },
  });
  const change = () =>
    door.answer({ method: "PATCH" }, { body: "{}", path: "/_perfmock/x?y" });
  equal((await change()).status, 204);
  deepEqual([calls[0].method, calls[0].target, atob(calls[0].body)], [
    "PATCH",
    "/_perfmock/x?y",
    "{}",
  ]);
  const refused = await change();
  deepEqual([refused.status, JSON.parse(refused.text).title], [
    503,
    "Not made anywhere",
  ]);
  await rejects(change(), TypeError);
  const alone = await door.answer({ method: "POST", replicas: "alone" });
  deepEqual([alone.status, JSON.parse(alone.text).code], [
    409,
    "ARGUMENT_INVALID",
  ]);
});

Deno.test("Fleet: a body that is too large to pass on is refused, whoever would answer", async () => {
  await using door = doorWith(undefined);
  const body = new Uint8Array((16 << 20) + 1);
  for (
    const endpoint of [
      { method: "POST" },
      { method: "POST", merge },
      { method: "POST", replicas: "first" },
    ] as const
  ) {
    const { status, text } = await door.answer(endpoint, { body });
    equal(status, 413);
    match(text, /At most 16777216 bytes are passed on/);
  }
});

Deno.test("Fleet: a change is prepared, then committed or abandoned by its id", async () => {
  await using door = doorWith(undefined);
  const made: string[] = [];
  const step = (change: string, own?: () => Promise<Response>) =>
    door.answer({ method: "POST" }, {
      headers: { [CHANGE_HEADER]: change },
      ...own && { own },
    });
  const make = (id: string) => async () => {
    await agreed();
    made.push(id);
    return new Response(`made ${id}`);
  };
  for (const id of ["a", "b"]) {
    const { status, headers } = await step(`${id} prepare`, make(id));
    deepEqual([status, headers.get(READY_HEADER)], [204, id]);
  }
  deepEqual(made, []);
  equal((await step("a commit")).text, "made a");
  equal((await step("b abort")).status, 204);
  deepEqual(made, ["a"]);
  // It has been made: nothing is left to commit.
  const again = await step("a commit");
  equal(again.status, 500);
  match(again.text, /has not prepared the change, or no longer/);
  const refused = await step(
    "c prepare",
    () => Promise.resolve(new Response("no", { status: 400 })),
  );
  deepEqual([refused.status, refused.text, refused.headers.get(READY_HEADER)], [
    400,
    "no",
    null,
  ]);
});

Deno.test("Fleet: a replica that is gone is named, and is none of those that were asked", async () => {
  await using door = doorWith(() => Response.json(1), { lost: ["2/3"] });
  let asked: readonly string[] = [];
  const { text } = await door.answer({
    merge(_answers, _call, replicas) {
      asked = replicas.map(({ name }) => name);
      return {};
    },
  });
  deepEqual(asked, ["0/2", "1/2"]);
  deepEqual(JSON.parse(text), {
    replicas: [
      { name: "0/2", answered: true },
      { name: "1/2", answered: true },
      {
        name: "2/3",
        answered: false,
        error: "It has left or died: its figures are lost",
      },
    ],
    complete: false,
  });
});

Deno.test("Fleet: where replicas have addresses of their own, calls are answered by all, by one or by the first, as each call says", async () => {
  await using door = doorWith(() => Response.json({ other: true }), {
    separate: true,
  });
  const answers = async (
    endpoint: Partial<Endpoint>,
    path?: string,
  ): Promise<string> => {
    const { text } = await door.answer(endpoint, { ...path && { path } });
    return text.includes("merged")
      ? "all"
      : text.includes("other")
      ? "first"
      : text;
  };
  equal(await answers({ merge }), "all");
  const own = '{"own":null}';
  equal(await answers({ merge, replicas: "own" }), own);
  equal(await answers({ merge, replicas: "own" }, "/x?replicas=x"), own);
  equal(await answers({ merge, replicas: "own" }, "/x?replicas=all"), "all");
  equal(await answers({ replicas: "first" }), "first");
  equal(await answers({ method: "PATCH" }), own);
  equal(await answers({ method: "POST", replicas: "alone" }), own);
  equal(await answers({ method: "POST", replicas: "all" }), "made");
  equal(await answers({ merge }, "/x?replica=1/2"), '{"own":"own"}');
});

Deno.test("Fleet: the demand for all replicas is not passed on, and further parameters are", async () => {
  const seen: string[] = [];
  await using door = doorWith((request) => {
    seen.push(new URL(request.url).search);
    return Response.json(1);
  }, { separate: true });
  await door.answer({ merge, replicas: "own" }, {
    path: "/x?replicas=all&limit=3",
    own(request) {
      seen.push(new URL(request.url).search);
      return Promise.resolve(Response.json(1));
    },
  });
  deepEqual(seen, ["?limit=3", "?limit=3"]);
});
