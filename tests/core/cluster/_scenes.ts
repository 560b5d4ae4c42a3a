/** Scenes of several replicas at one place, in memory or in Redis. */
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { PerfmockError } from "../../../core/errors.ts";
import type { ClusterStore } from "../../../core/cluster/store.ts";
import { until } from "../../support/wait.ts";
import { QUICK, Replica, type Value } from "./_replicas.ts";

/** A place where replicas meet. */
export interface Place extends AsyncDisposable {
  readonly store: ClusterStore;
  /** Forgets everything, as a Redis does that starts again. */
  clear(): Promise<void>;
  /** Gives no answer any more, or answers again. */
  lose(lost: boolean): Promise<void>;
}

/** A scene, played at a place of its own. */
type Scene = (open: () => Promise<Place>) => Promise<void>;

const BEGIN: Value = { seed: 1, a: 0, b: 0 };
const VALUE: Value = { seed: 1 };

/** Two replicas of one store that have joined. */
async function pair(store: ClusterStore, value: Value = BEGIN) {
  const [a, b] = [new Replica("a", value), new Replica("b", value)];
  await a.join(store);
  await b.join(store);
  return [a, b] as const;
}

const count = (key: string) => (value: Value) => ({
  ...value,
  [key]: Number(value[key]) + 1,
});

/** The same place, whose messages do not arrive. */
function silent(store: ClusterStore): ClusterStore {
  return {
    join: (...given) => store.join(...given),
    beat: (...given) => store.beat(...given),
    leave: (...given) => store.leave(...given),
    forget: () => store.forget(),
    state: () => store.state(),
    proposal: () => store.proposal(),
    propose: (...given) => store.propose(...given),
    vote: (...given) => store.vote(...given),
    outcome: (...given) => store.outcome(...given),
    subscribe: () => ({ [Symbol.dispose]() {} }),
  };
}

/** Messages of the issues with which a replica was refused. */
async function refusal(joining: Promise<unknown>): Promise<string[]> {
  let messages: string[] = [];
  await rejects(joining, ({ code, issues }: PerfmockError) => {
    equal(code, "REPLICA_CONFLICT");
    messages = issues.map(({ message }) => message);
    return true;
  });
  return messages;
}

/** Changes of the configuration. */
export const CHANGES: Readonly<Record<string, Scene>> = {
  "A change at one replica takes over at all, with the same revision": async (
    open,
  ) => {
    await using place = await open();
    const { store } = place;
    const [a, b] = await pair(store);
    await using _a = a;
    await using _b = b;
    await a.change((value) => ({ ...value, a: 7 }));
    // The message arrives without any sign of life.
    await until(() => b.value.a === 7);
    deepEqual([a.number, b.number], [2, 2]);
    equal(a.member.state.digest, b.member.state.digest);
    equal(b.waiting, 0);
  },

  "10 000 changes from two sides lose none, end equal, and count every revision":
    async (open) => {
      await using place = await open();
      const { store } = place;
      const [a, b] = await pair(store);
      await using _a = a;
      await using _b = b;
      const times = 5000;
      const side = async (replica: Replica, key: string) => {
        for (let i = 0; i < times; i++) await replica.change(count(key));
      };
      await Promise.all([side(a, "a"), side(b, "b")]);
      await until(() => a.number === b.number);
      deepEqual(a.value, { seed: 1, a: times, b: times });
      deepEqual(b.value, a.value);
      const all = Array.from({ length: 2 * times + 1 }, (_, i) => i + 1);
      // Each was in force where it was made. A replica that was away for a moment goes on with the latest.
      const seen = new Set([...a.numbers, ...b.numbers]);
      deepEqual([...seen].toSorted((x, y) => x - y), all);
      deepEqual(a.numbers, a.numbers.toSorted((x, y) => x - y));
      deepEqual(b.numbers, b.numbers.toSorted((x, y) => x - y));
      deepEqual([a.waiting, b.waiting], [0, 0]);
    },

  "A change that another replica cannot build changes nothing anywhere, and names it":
    async (open) => {
      await using place = await open();
      const { store } = place;
      const [a, b] = await pair(store);
      await using _a = a;
      await using _b = b;
      b.issues = ({ a }) =>
        a === 13 ? [{ path: "/a", message: "There is no file 13 here" }] : [];
      await rejects(
        a.change((value) => ({ ...value, a: 13 })),
        ({ code, message, issues }: PerfmockError) => {
          equal(code, "CHANGE_REFUSED");
          match(message, /replica "b" refuses it/);
          deepEqual(issues, [{
            path: "/a",
            message: "There is no file 13 here",
          }]);
          return true;
        },
      );
      deepEqual([a.number, b.number, a.value, b.value], [1, 1, BEGIN, BEGIN]);
      deepEqual([a.waiting, b.waiting], [0, 0]);
      await b.change((value) => ({ ...value, a: 14 }));
      await until(() => a.value.a === 14);
    },

  "A change that is invalid where it is made asks nobody": async (open) => {
    await using place = await open();
    const { store } = place;
    const [a, b] = await pair(store);
    await using _a = a;
    await using _b = b;
    a.issues = () => [{ path: "/a", message: "No" }];
    await rejects(a.change(count("a")), { code: "CONFIG_INVALID" });
    deepEqual([a.number, b.number], [1, 1]);
  },

  "A replica that lives and does not vote makes a change be refused": async (
    open,
  ) => {
    await using place = await open();
    const { store } = place;
    const [a, b] = await pair(store);
    await using _a = a;
    await using _b = b;
    const wait = Promise.withResolvers<void>();
    b.slow = wait.promise;
    await rejects(a.change(count("a")), (error: PerfmockError) => {
      equal(error.code, "CHANGE_REFUSED");
      match(error.message, /replica "b" lives and does not answer/);
      return true;
    });
    wait.resolve();
    await a.change(count("a"));
    await until(() => b.value.a === 1);
    deepEqual([a.waiting, b.waiting], [0, 0]);
  },

  "A replica that was killed is not asked once it counts as dead": async (
    open,
  ) => {
    await using place = await open();
    const { store } = place;
    const [a, b] = await pair(store);
    await using _a = a;
    await using _b = b;
    const killed = { ...b.member.entry, name: "c", process: "c" };
    await store.join(killed, { ...b.member.state });
    const start = performance.now();
    await a.change(count("a"));
    const took = performance.now() - start;
    ok(took > QUICK.dead / 2 && took < QUICK.ballot, `${took} ms`);
    await until(() => b.value.a === 1);
  },

  "Replicas that get no messages agree all the same": async (open) => {
    await using place = await open();
    const store = silent(place.store);
    const [a, b] = await pair(store);
    await using _a = a;
    await using _b = b;
    await a.change(count("a"));
    await b.change(count("b"));
    await until(() => a.number === 3 && b.number === 3);
    deepEqual(a.value, b.value);
  },

  "The pace is shared, and is no revision of the configuration": async (
    open,
  ) => {
    await using place = await open();
    const { store } = place;
    const [a, b] = await pair(store);
    await using _a = a;
    await using _b = b;
    await a.setPace({ scale: 3 });
    await until(() => b.backend.pace.scale === 3);
    deepEqual([a.number, b.number], [1, 1]);
    equal(b.member.state.serial, a.member.state.serial);
    await b.change(count("b"));
    await until(() => a.value.b === 1);
    deepEqual(a.backend.pace, { scale: 3 });
    // A replica that starts now has all of it.
    await using c = new Replica("c", BEGIN);
    await c.join(store);
    deepEqual(c.value, a.value);
    deepEqual(c.backend.pace, { scale: 3 });
    equal(c.number, 2);
  },

  "While the store is lost, changes are refused, and afterwards all goes on":
    async (open) => {
      await using place = await open();
      const { store } = place;
      const [a, b] = await pair(store);
      await using _a = a;
      await using _b = b;
      await place.lose(true);
      await rejects(a.change(count("a")), { code: "SHARED_STATE_LOST" });
      await until(() => b.member.reasons.length > 0);
      match(b.member.reasons[0], /cannot agree on changes/);
      ok(b.member.ready);
      deepEqual([a.number, a.waiting], [1, 0]);
      await place.lose(false);
      await until(() => b.member.reasons.length === 0);
      await a.change(count("a"));
      // A change whose outcome was not known may have been made.
      await until(() =>
        Number(b.value.a) >= 1 &&
        a.member.state.digest === b.member.state.digest
      );
    },

  "A store that comes back empty gets the latest state from whoever has it":
    async (open) => {
      await using place = await open();
      const { store } = place;
      const [a, b] = await pair(store);
      await using _a = a;
      await using _b = b;
      await a.change(count("a"));
      await until(() => b.number === 2);
      await place.clear();
      // A new replica may be there before the others.
      await using c = new Replica("c", BEGIN);
      await c.join(store);
      await until(() => [a, b, c].every(({ value }) => value.a === 1));
      await c.change(count("b"));
      await until(() => [a, b, c].every(({ value }) => value.b === 1));
      equal(new Set([a, b, c].map(({ number }) => number)).size, 1);
      deepEqual(a.numbers, a.numbers.toSorted((x, y) => x - y));
    },

  "A replica that cannot take over what it has missed says so, is not ready, and makes up for it later":
    async (open) => {
      await using place = await open();
      const { store } = place;
      const [a, b] = await pair(store);
      await using _a = a;
      await using _b = b;
      b.issues = ({ a }) => a === 1 ? [{ path: "/a", message: "No file" }] : [];
      // It counts as dead, as after a long pause of its process.
      await store.leave(b.member.entry);
      await a.change(count("a"));
      await until(() => !b.member.ready);
      match(b.member.reasons[0], /Cannot take over revision 2 .*\/a No file/);
      await until(() => a.member.reasons.length > 0);
      match(a.member.reasons[0], /^Replica "b": Cannot take over revision 2/);
      await rejects(b.change(count("b")), { code: "CHANGE_REFUSED" });
      b.issues = () => [];
      await until(() => b.member.ready && b.value.a === 1);
      await until(() => a.member.reasons.length === 0);
    },
};

/** The register. */
export const REGISTER: Readonly<Record<string, Scene>> = {
  "The register lists the replicas that live, with segment and address": async (
    open,
  ) => {
    await using place = await open();
    const { store } = place;
    await using a = new Replica("a", VALUE);
    await a.join(store, { segment: "0/2" });
    await a.member.advertise("http://10.0.0.1:8080/");
    {
      await using b = new Replica("b", VALUE);
      await b.join(store, { segment: "1/2" });
      await b.member.advertise("http://10.0.0.2:8080/");
      await until(() => a.member.replicas.length === 2);
      deepEqual(
        a.member.replicas.map(({ name, segment, url }) => [name, segment, url]),
        [
          ["a", "0/2", "http://10.0.0.1:8080/"],
          ["b", "1/2", "http://10.0.0.2:8080/"],
        ],
      );
    }
    await until(() => a.member.replicas.length === 1);
  },

  "Two replicas with the same segment or name: the later one does not start, and both are named":
    async (open) => {
      await using place = await open();
      const { store } = place;
      await using a = new Replica("a", VALUE);
      await a.join(store, { segment: "0/2" });
      await a.member.advertise("http://10.0.0.1:8080/");
      await using b = new Replica("b", VALUE);
      deepEqual(await refusal(b.join(store, { segment: "0/2" })), [
        'Segment 0/2 is taken by replica "a" at http://10.0.0.1:8080/, which lives',
      ]);
      await using same = new Replica("a", VALUE);
      deepEqual(await refusal(same.join(store, { segment: "1/2" })), [
        'The name is taken by replica "a" at http://10.0.0.1:8080/, which lives',
      ]);
      ok(a.member.ready);
    },

  "A replica takes over the segment and the name of a dead one, after the time that this takes":
    async (open) => {
      await using place = await open();
      const { store } = place;
      await using a = new Replica("a", VALUE);
      await a.join(store, { segment: "0/2" });
      await store.join({
        ...a.member.entry,
        name: "b",
        segment: "1/2",
        process: "killed",
      }, a.member.state);
      await using b = new Replica("b", VALUE);
      await b.join(store, { segment: "1/2" });
      await until(() => a.member.replicas.length === 2);
      deepEqual(
        a.member.replicas.map(({ name, process }) => [name, process]),
        [["a", a.member.entry.process], ["b", b.member.entry.process]],
      );
    },

  "A replica with another version, number of segments or configuration is refused at once":
    async (open) => {
      await using place = await open();
      const { store } = place;
      await using a = new Replica("a", VALUE);
      await a.join(store, { segment: "0/2" });
      await using b = new Replica("b", { seed: 2 });
      const messages = await refusal(
        b.join(store, { segment: "1/3", version: "2.0.0" }),
      );
      equal(messages.length, 3);
      equal(
        messages[0],
        'Replica "a" has segment 0/2, and this replica segment 1/3',
      );
      equal(messages[1], 'Replica "a" is perfmock 1.0.0, and this one 2.0.0');
      match(
        messages[2],
        /^Replica "a" was started with another configuration than this one: their digests are [0-9a-f]{16} and [0-9a-f]{16}$/,
      );
      await using c = new Replica("c", VALUE);
      deepEqual(await refusal(c.join(store)), [
        'Replica "a" has segment 0/2, and this replica none',
      ]);
    },

  "After a change, replicas with the first configuration and with the present one may join":
    async (open) => {
      await using place = await open();
      const { store } = place;
      await using a = new Replica("a", VALUE);
      await a.join(store);
      await a.change(() => ({ seed: 3 }));
      for (const value of [VALUE, { seed: 3 }]) {
        await using b = new Replica("b", value);
        await b.join(store);
        deepEqual(b.value, { seed: 3 });
        equal(b.number, a.number);
      }
      await using c = new Replica("c", { seed: 2 });
      match((await refusal(c.join(store)))[0], /another configuration/);
    },

  "A replica that left or died is remembered until the figures are reset, by all alike":
    async (open) => {
      await using place = await open();
      const { store } = place;
      await using a = new Replica("a", VALUE);
      await a.join(store);
      {
        await using b = new Replica("b", VALUE);
        await b.join(store);
      }
      const other = { name: "c", process: "killed" };
      await store.join({ ...a.member.entry, ...other }, a.member.state);
      await until(() => a.member.gone.length === 2);
      deepEqual(a.member.gone.toSorted(), ["b", "c"]);
      // One with the same name has not what the other had counted; one that only stood still has.
      await using again = new Replica("b", VALUE);
      await again.join(store);
      await again.member.advertise("http://10.0.0.2:8080/");
      deepEqual(again.member.gone.toSorted(), ["b", "c"]);
      await store.join({ ...a.member.entry, ...other }, a.member.state);
      await until(() => a.member.gone.length === 1);
      await again.member.forget();
      deepEqual(again.member.gone, []);
      await until(() => a.member.gone.length === 0);
      await place.lose(true);
      await a.member.forget();
      await place.lose(false);
    },

  "Where all have ended, the first replica knows of nobody who is gone": async (
    open,
  ) => {
    await using place = await open();
    const { store } = place;
    for (const name of ["a", "b", "a"]) {
      await using replica = new Replica(name, VALUE);
      await replica.join(store);
      await replica.member.advertise("http://10.0.0.1:8080/");
      deepEqual(replica.member.gone, []);
    }
  },

  "The first replica after all have ended brings its own configuration, and revisions go on":
    async (open) => {
      await using place = await open();
      const { store } = place;
      {
        await using a = new Replica("a", VALUE);
        await a.join(store);
        await a.change(() => ({ seed: 3 }));
        equal(a.number, 2);
      }
      await using b = new Replica("b", { seed: 9 });
      await b.join(store);
      deepEqual(b.value, { seed: 9 });
      equal(b.number, 3);
    },
};
