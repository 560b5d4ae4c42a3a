import { ok } from "node:assert/strict";
import { nextLook, PreciseClock } from "../../../../core/lib/time/mod.ts";

/** Yields until two sockets have exchanged a byte, with work of 2 ms in between. Returns the number of times. */
async function yieldsUntilRead(yields: () => Promise<void>): Promise<number> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let done = false;
  const exchange = (async () => {
    const [server, client] = await Promise.all([
      listener.accept(),
      Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    ]);
    await client.write(new Uint8Array(1));
    await server.read(new Uint8Array(1));
    done = true;
    for (const each of [server, client, listener]) each.close();
  })();
  let looks = 0;
  for (; !done; looks++) {
    for (const end = performance.now() + 2; performance.now() < end;);
    await yields();
  }
  await exchange;
  return looks;
}

Deno.test("nextLook() lets bytes of sockets come first", async () => {
  const looks = await yieldsUntilRead(nextLook);
  // With turns in place of looks, it takes more than a hundred.
  ok(looks < 30, `${looks} looks`);
});

Deno.test("PreciseClock.yield() lets bytes of sockets come first", async () => {
  await using clock = new PreciseClock({ worker: false });
  const looks = await yieldsUntilRead(() => clock.yield());
  ok(looks < 30, `${looks} looks`);
});
