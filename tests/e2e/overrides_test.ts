import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";

const CONFIG = {
  plugins: {
    distributions: { profiles: { slow: { constant: { value: "2s" } } } },
  },
  routes: [{ path: "/r", serviceTime: "10ms", response: { text: "whole" } }],
};

const ALL = { delay: true, profile: true, fault: true };

async function ask(override: string, overrides: object = ALL) {
  await using test = await createTestServer({ ...CONFIG, overrides });
  const { response, duration } = await test.request("/r", {
    headers: { "perfmock-override": override },
  });
  return {
    duration,
    status: response.status,
    text: await response.text(),
    refused: response.headers.get("perfmock-override-refused"),
  };
}

Deno.test("a request can name its own delay, profile and fault", async () => {
  const plain = { status: 200, text: "whole", refused: null };
  deepEqual(await ask("delay=120ms"), { ...plain, duration: 120 });
  deepEqual(await ask("profile=slow"), { ...plain, duration: 2000 });
  const fault = await ask("delay=0ms, fault=503");
  deepEqual([fault.duration, fault.status], [0, 503]);
});

Deno.test("overrides are not read unless one is allowed, and then a header reports refused ones", async () => {
  const off = await ask("delay=120ms", {});
  deepEqual([off.duration, off.refused], [10, null]);
  const some = await ask("fault=503, delay=1ms", { delay: true });
  deepEqual([some.duration, some.status], [1, 200]);
  match(some.refused ?? "", /^fault is not allowed/);
});

Deno.test("an override that is not possible changes nothing and reports why", async () => {
  for (
    const [given, why] of [
      ["delay=soon", /delay="soon" is not a duration/],
      ["delay=slow", /is not a duration/],
      ["delay=-5ms", /is not a duration/],
      ["profile=fast", /profile="fast" is not the name of a profile/],
      ["profile=5ms", /is not the name of a profile/],
      ["fault=99", /neither a status nor one of/],
      ["fault=connection-reset", /needs server.engine native or node/],
      ["dela=5ms", /unknown override "dela", .*: delay\?/],
      ["délai=5ms", /unknown override "d\?lai"/],
      ["", /unknown override ""/],
    ] as const
  ) {
    const { duration, status, refused } = await ask(given);
    deepEqual([duration, status], [10, 200], given);
    match(refused ?? "", why);
  }
});

Deno.test("an override changes no draw of other requests", async () => {
  const draws = async (override?: string) => {
    await using test = await createTestServer({
      overrides: ALL,
      routes: [{ path: "/r", serviceTime: "exponential(mean=20ms)" }],
    });
    for (let i = 0; i < 3; i++) {
      await test.request("/r", {
        headers: i === 1 && override !== undefined
          ? { "perfmock-override": override }
          : {},
      });
    }
    return test.server.requests().map(({ drawnMs }) => drawnMs);
  };
  const [plain, changed] = [await draws(), await draws("delay=7ms")];
  deepEqual([changed[0], changed[2]], [plain[0], plain[2]]);
  equal(changed[1], 7);
});

Deno.test("of an override header that is too long, or has too many entries, nothing is read", async () => {
  const long = await ask(`delay=1ms, fault=${"5".repeat(2000)}`);
  deepEqual([long.duration, long.status], [10, 200]);
  equal(long.refused, "the header has 2017 characters, at most 1024 are read");
  const many = await ask("delay=1ms" + ",".repeat(60_000));
  equal(many.refused, "the header has 60009 characters, at most 1024 are read");
  const ninth = await ask(Array(9).fill("delay=1ms").join());
  equal(ninth.refused, "there are more than 8 overrides, none is read");
  deepEqual([ninth.duration, ninth.status], [10, 200]);
  equal((await ask(Array(8).fill("delay=1ms").join())).duration, 1);
});

Deno.test("the header that reports refused overrides has at most 1024 bytes", async () => {
  const { refused, duration } = await ask(
    Array.from({ length: 8 }, (_, n) => `${n}`.repeat(120)).join(),
  );
  equal(duration, 10);
  ok(refused !== null && refused.length <= 1024, `${refused?.length}`);
  const longest = await ask(
    Array.from({ length: 8 }, (_, n) => `fault=${n}${"é".repeat(110)}`).join(),
  );
  ok((longest.refused?.length ?? 0) <= 1024, `${longest.refused?.length}`);
  match(longest.refused ?? "", /^[\x20-\x7e]*$/);
});
