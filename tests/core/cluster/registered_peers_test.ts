import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { RegisteredPeers } from "../../../core/cluster/registered_peers.ts";
import type { ReplicaEntry } from "../../../core/cluster/store.ts";
import {
  CHANGE_HEADER,
  type FleetCall,
  READY_HEADER,
} from "../../../core/fleet/peers.ts";
import { agreed, Preparations } from "../../../core/lib/agreement.ts";

const RESET: FleetCall = {
  method: "POST",
  target: "/_perfmock/reset",
  headers: {},
  body: "",
};

function entry(name: string, more: Partial<ReplicaEntry> = {}): ReplicaEntry {
  return {
    name,
    process: `process of ${name}`,
    url: `http://${name}.invalid/`,
    segment: "",
    version: "1.0.0",
    base: "",
    behind: "",
    signature: "",
    ...more,
  };
}

/** Peers of the first of some entries; those named `false` are not signed. */
function peersOf(
  own: ReplicaEntry,
  replicas: readonly ReplicaEntry[],
  { answer = () => new Response(), gone = [] }: {
    readonly answer?: (request: Request) => Response;
    readonly gone?: readonly string[];
  } = {},
) {
  let forgotten = 0;
  const peers = new RegisteredPeers({
    member: () => ({
      entry: own,
      replicas,
      gone,
      catchUp: () => Promise.resolve(),
      forget() {
        forgotten++;
        return Promise.resolve();
      },
    }),
    signatures: () => ({ holds: ({ name }) => name !== "false" }),
    answer,
  });
  return { peers, forgotten: () => forgotten };
}

/** A server that makes a change in two steps. */
function changing(status: number, seen: string[]) {
  return ({ headers, url, method }: Request) => {
    const step = headers.get(CHANGE_HEADER)?.split(" ")[1] ?? "";
    seen.push(`${method} ${new URL(url).pathname} ${step}`);
    return step === "prepare" && status < 300
      ? new Response(null, { status: 204, headers: { [READY_HEADER]: "x" } })
      : new Response(null, { status });
  };
}

Deno.test("RegisteredPeers: lists the replicas of the register, and says why one cannot be asked", () => {
  const own = entry("a");
  const { peers } = peersOf(own, [
    own,
    entry("b"),
    entry("starting", { url: "" }),
    entry("false"),
  ], { gone: ["d"] });
  equal(peers.own, "a");
  equal(peers.separate, true);
  const listed = peers.list();
  deepEqual(listed.map(({ name, url }) => [name, url]), [
    ["a", "http://a.invalid/"],
    ["b", "http://b.invalid/"],
    ["starting", undefined],
    ["false", undefined],
  ]);
  match(listed[2].error ?? "", /does not listen/);
  match(listed[3].error ?? "", /is not signed/);
  deepEqual(peers.lost(), ["d"]);
  deepEqual(peers.reasons(), []);
});

Deno.test("RegisteredPeers: segments are listed in their order, those that nobody has too, and itself where it counts as dead", () => {
  const own = entry("b", { segment: "2/4" });
  const { peers } = peersOf(own, [entry("a", { segment: "0/4" })]);
  deepEqual(
    peers.list().map(({ name, segment: { index, count }, url }) => [
      name,
      index,
      count,
      url !== undefined,
    ]),
    [
      ["a", 0, 4, true],
      ["1/4", 1, 4, false],
      ["b", 2, 4, true],
      ["3/4", 3, 4, false],
    ],
  );
});

Deno.test("RegisteredPeers: before it has joined there is nobody", () => {
  const peers = new RegisteredPeers({
    member: () => undefined,
    signatures: () => undefined,
    answer: () => new Response(),
  });
  deepEqual([peers.own, peers.list(), peers.lost()], ["", [], []]);
  peers.reset();
});

Deno.test("RegisteredPeers: a change is made by all that are entered, by itself without a socket", async () => {
  const seen: string[] = [];
  const theirs: string[] = [];
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    changing(204, theirs),
  );
  const own = entry("a", { segment: "0/3", url: "" });
  const { peers, forgotten } = peersOf(own, [
    own,
    entry("b", {
      segment: "1/3",
      url: `http://127.0.0.1:${other.addr.port}/`,
    }),
  ], { answer: changing(204, seen) });
  equal((await peers.change(RESET)).status, 204);
  const steps = ["prepare", "commit"].map((step) =>
    `POST /_perfmock/reset ${step}`
  );
  deepEqual([seen, theirs], [steps, steps]);
  peers.reset();
  equal(forgotten(), 0);
  // It forgets them where all are reset.
  const preparations = new Preparations();
  await preparations.prepare("x", async () => {
    await agreed();
    peers.reset();
  });
  await preparations.settle("x", true);
  equal(forgotten(), 1);
});

Deno.test("RegisteredPeers: a change is made nowhere where one replica cannot be asked", async () => {
  const seen: string[] = [];
  const own = entry("a");
  const { peers } = peersOf(own, [own, entry("false")], {
    answer: changing(204, seen),
  });
  await rejects(peers.change(RESET), {
    code: "REPLICA_UNREACHABLE",
    message: /false \(.*not signed/,
  });
  deepEqual(seen.map((line) => line.split(" ")[2]), ["prepare", "abort"]);
});
