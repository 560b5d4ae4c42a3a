import { deepEqual, equal, match } from "node:assert/strict";
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

Deno.test("overrides are off unless each is allowed, and a header reports refused ones", async () => {
  const off = await ask("delay=120ms", {});
  equal(off.duration, 10);
  equal(off.refused, "delay is not allowed: set overrides.delay to true");
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
