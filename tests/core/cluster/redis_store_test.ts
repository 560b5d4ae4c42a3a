import { deepEqual, equal } from "node:assert/strict";
import { RedisClusterStore } from "../../../core/cluster/redis_store.ts";
import { KEYS, SCRIPTS } from "../../../core/cluster/scripts.ts";
import type {
  ClusterMessage,
  Proposal,
  ReplicaEntry,
  SharedState,
} from "../../../core/cluster/store.ts";
import type { SharedScript, SharedStore } from "../../../core/plugin.ts";
import { QUICK } from "./_replicas.ts";

const ENTRY: ReplicaEntry = {
  name: "a",
  process: "p1",
  url: "http://a/",
  segment: "0/2",
  version: "1.0.0",
  base: "b0",
  behind: "",
  signature: "s0",
};

const STATE: SharedState = {
  serial: 7,
  revision: 3,
  base: "b0",
  configuration: "c0",
  digest: "d0",
  document: "{}",
};

const { serial: _, ...NEXT } = STATE;
const PROPOSAL: Proposal = { id: "x", replaces: 7, by: "a", ...NEXT };

/** Fields of a state as Redis answers them. */
const FIELDS = ["3", "b0", "c0", "d0", "{}"];

/** Shared store that gives one answer, and remembers the call. */
class OneAnswer implements Partial<SharedStore> {
  called: { script: SharedScript; args: readonly (string | number)[] } | null =
    null;
  take: ((message: string) => void) | undefined;

  constructor(readonly answer: unknown) {}

  key(...parts: readonly string[]): string {
    return parts.join(":");
  }

  channel(...parts: readonly string[]): string {
    return `channel:${parts.join(":")}`;
  }

  run(
    script: SharedScript,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    deepEqual(keys, KEYS.map((key) => `cluster:${key}`));
    const [channel, dead, ballot, ...own] = args;
    deepEqual([channel, dead, ballot], [
      "channel:cluster:changes",
      QUICK.dead,
      QUICK.ballot,
    ]);
    equal(script.source, SCRIPTS[script.name as keyof typeof SCRIPTS]);
    this.called = { script, args: own };
    return Promise.resolve(this.answer);
  }

  subscribe(channel: string, take: (message: string) => void): Disposable {
    equal(channel, "channel:cluster:changes");
    this.take = take;
    return { [Symbol.dispose]: () => void (this.take = undefined) };
  }
}

/** Calls a store once; returns the call that Redis received, and the result. */
async function once<T>(
  answer: unknown,
  call: (store: RedisClusterStore) => Promise<T>,
) {
  const shared = new OneAnswer(answer);
  const result = await call(
    new RedisClusterStore(shared as unknown as SharedStore, QUICK),
  );
  return {
    name: shared.called?.script.name,
    args: shared.called?.args,
    result,
  };
}

Deno.test("join() sends entry and state, and reads the state of all, conflicts, or a ballot", async () => {
  const text = JSON.stringify(ENTRY);
  const joined = await once(
    ["joined", "8", ...FIELDS, text],
    (store) => store.join(ENTRY, STATE),
  );
  equal(joined.name, "join");
  deepEqual(joined.args, [
    ...["a", "p1", "0/2", "1.0.0", "b0", text, 7],
    ...[3, "b0", "c0", "d0", "{}"],
  ]);
  deepEqual(joined.result, {
    joined: true,
    state: { ...STATE, serial: 8 },
    replicas: [ENTRY],
  });
  const refused = await once(
    ["conflict", "name", text, "version", text],
    (store) => store.join(ENTRY, STATE),
  );
  deepEqual(refused.result, {
    joined: false,
    conflicts: [
      { kind: "name", entry: ENTRY },
      { kind: "version", entry: ENTRY },
    ],
  });
  const busy = await once(["busy"], (store) => store.join(ENTRY, STATE));
  deepEqual(busy.result, { joined: false });
});

Deno.test("beat() sends the entry and its state's number", async () => {
  const text = JSON.stringify(ENTRY);
  const known = await once(
    ["known", "9", "x", "2", "b", "c", text],
    (store) => store.beat(ENTRY, 7),
  );
  deepEqual([known.name, known.args], ["beat", ["a", "p1", text, 7]]);
  deepEqual(known.result, {
    known: true,
    serial: 9,
    proposal: "x",
    gone: ["b", "c"],
    replicas: [ENTRY],
  });
  const unknown = await once(["unknown"], (store) => store.beat(ENTRY, 7));
  deepEqual(unknown.result, { known: false });
});

Deno.test("forget() is one script", async () => {
  const { args, name } = await once([], (store) => store.forget());
  deepEqual([name, args], ["forget", []]);
});

Deno.test("The state and the proposal are read, or are not there", async () => {
  deepEqual(
    (await once(["7", ...FIELDS], (store) => store.state())).result,
    STATE,
  );
  deepEqual(
    (await once([null, null, null, null, null, null], (store) => store.state()))
      .result,
    undefined,
  );
  deepEqual(
    (await once(["x", "7", "a", ...FIELDS], (store) => store.proposal()))
      .result,
    PROPOSAL,
  );
  deepEqual(
    (await once([null], (store) => store.proposal())).result,
    undefined,
  );
});

Deno.test("propose(), vote(), outcome() and leave() are one script each", async () => {
  const proposed = await once("open", (store) => store.propose("p1", PROPOSAL));
  deepEqual([proposed.name, proposed.args, proposed.result], [
    "propose",
    ["p1", "x", 7, "a", 3, "b0", "c0", "d0", "{}"],
    "open",
  ]);
  const refusal = { code: "CONFIG_INVALID", message: "No", issues: [] };
  const yes = await once(1, (store) => store.vote(ENTRY, "x", undefined));
  deepEqual([yes.name, yes.args, yes.result], [
    "vote",
    ["a", "p1", "x", ""],
    true,
  ]);
  const no = await once(0, (store) => store.vote(ENTRY, "x", refusal));
  deepEqual([no.args, no.result], [
    ["a", "p1", "x", JSON.stringify(refusal)],
    false,
  ]);
  const outcome = { kind: "committed", serial: 8 };
  const ended = await once(
    JSON.stringify(outcome),
    (store) => store.outcome("x"),
  );
  deepEqual([ended.name, ended.args, ended.result], [
    "outcome",
    ["x"],
    outcome,
  ]);
  const left = await once([], (store) => store.leave(ENTRY));
  deepEqual([left.name, left.args], ["leave", ["a", "p1"]]);
});

Deno.test("Messages arrive until the subscription ends", () => {
  const shared = new OneAnswer(null);
  const store = new RedisClusterStore(shared as unknown as SharedStore);
  const received: ClusterMessage[] = [];
  const subscription = store.subscribe((message) => received.push(message));
  shared.take?.('{"kind":"committed","id":"x","serial":8}');
  deepEqual(received, [{ kind: "committed", id: "x", serial: 8 }]);
  subscription[Symbol.dispose]();
  equal(shared.take, undefined);
});
