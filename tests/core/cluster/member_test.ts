import { deepEqual, ok } from "node:assert/strict";
import { MemoryCluster } from "../../support/memory_cluster.ts";
import { until } from "../../support/wait.ts";
import { QUICK, Replica } from "./_replicas.ts";
import { CHANGES, type Place, REGISTER } from "./_scenes.ts";

function inMemory(): Promise<Place> {
  const store = new MemoryCluster(QUICK);
  return Promise.resolve({
    store,
    clear: () => Promise.resolve(store.clear()),
    lose: (lost) => Promise.resolve(void (store.lost = lost)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
}

for (const [name, play] of Object.entries({ ...CHANGES, ...REGISTER })) {
  Deno.test(name, () => play(inMemory));
}

Deno.test("A clock of the store that jumps ends no replica, and its ballots go on", async () => {
  let offset = 0;
  const store = new MemoryCluster(QUICK, () => Date.now() + offset);
  await using a = new Replica("a", { seed: 1 });
  await using b = new Replica("b", { seed: 1 });
  await a.join(store, { segment: "0/2" });
  await b.join(store, { segment: "1/2" });
  for (const jump of [3_600_000, -3_600_000]) {
    offset += jump;
    await a.change((value) => ({ ...value, jump }));
    await until(() => b.value.jump === jump);
    await until(() =>
      [a, b].every(({ member }) => member.ready && member.replicas.length === 2)
    );
  }
});

Deno.test("No replica waits longer than a ballot for a store that forgets the ballot", async () => {
  const store = new MemoryCluster(QUICK);
  await using a = new Replica("a", { seed: 1 });
  await using b = new Replica("b", { seed: 1 });
  await a.join(store);
  await b.join(store);
  const wait = Promise.withResolvers<void>();
  b.slow = wait.promise;
  const change = a.change((value) => ({ ...value, x: 1 }));
  const start = performance.now();
  await until(async () => await store.proposal() !== undefined);
  store.clear();
  wait.resolve();
  const [outcome] = await Promise.allSettled([change]);
  ok(performance.now() - start < QUICK.ballot, "it took too long");
  // Made or refused, it is the same at both, and changes go on.
  await b.change((value) => ({ ...value, y: 1 }));
  await until(() => a.value.y === 1);
  deepEqual(a.value, b.value);
  deepEqual("x" in a.value, outcome.status === "fulfilled");
});
