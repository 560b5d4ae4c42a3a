import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { PerfmockError } from "../../../core/errors.ts";
import {
  checkSegment,
  MOST_REPLICAS,
  parseSegment,
  segmentText,
  shareOf,
  takes,
  WHOLE,
} from "../../../core/scale/segment.ts";

function parse(text: string, env: Record<string, string> = {}) {
  return parseSegment(text, (name) => env[name]);
}

/** Returns the issues of a segment that is refused, as text. */
function refused(text: string, env: Record<string, string> = {}): string {
  try {
    parse(text, env);
  } catch (error) {
    if (!(error instanceof PerfmockError)) throw error;
    equal(error.code, "ARGUMENT_INVALID");
    return error.issues.map(({ message, allowed }) => `${message}: ${allowed}`)
      .join("\n");
  }
  throw new Error(`${text} was not refused`);
}

Deno.test("parseSegment() reads the index and the number of replicas", () => {
  deepEqual(parse("2/4"), { index: 2, count: 4 });
  deepEqual(parse(" 0 / 7 "), { index: 0, count: 7 });
  equal(parse("0/1"), WHOLE);
  equal(segmentText(parse("2/4")), "2/4");
});

Deno.test("auto takes the index of an Indexed Job, or else the number at the end of the pod's name", () => {
  const cases: [Record<string, string>, number][] = [
    [{ JOB_COMPLETION_INDEX: "3" }, 3],
    [{ HOSTNAME: "mock-2" }, 2],
    [{ POD_NAME: "mock-1", HOSTNAME: "node-7" }, 1],
    [{ JOB_COMPLETION_INDEX: "0", POD_NAME: "load-0-x7k2p" }, 0],
    [{ JOB_COMPLETION_INDEX: "", HOSTNAME: "a-b-10" }, 10],
  ];
  for (const [env, index] of cases) {
    deepEqual(parse("auto/12", env), { index, count: 12 });
  }
});

Deno.test("a segment that means nothing is refused, with what is allowed", () => {
  for (const text of ["", "3", "a/b", "1/", "/2", "-1/2", "1.5/2", "2/4/6"]) {
    equal(
      refused(text),
      'A segment is the index of this replica, from 0, and the number of replicas: "0/4" to "3/4" for four replicas, or "auto/4" in a pod',
      text,
    );
  }
  equal(
    refused("3/3"),
    'There is no replica 3 of 3: they count from 0: "0/3" to "2/3"',
  );
  equal(
    refused("auto/3", { HOSTNAME: "mock-3" }),
    'There is no replica 3 of 3: they count from 0 (from HOSTNAME): "0/3" to "2/3"',
  );
  equal(refused("0/0"), `The number of replicas is out of range: 1 to 10000`);
  equal(
    refused(`0/${MOST_REPLICAS + 1}`),
    `The number of replicas is out of range: 1 to 10000`,
  );
  equal(
    refused("auto/4", { HOSTNAME: "laptop" }),
    'Nothing tells the index of this replica: JOB_COMPLETION_INDEX is not set, POD_NAME is not set, HOSTNAME is "laptop": JOB_COMPLETION_INDEX as in an Indexed Job, or POD_NAME or HOSTNAME with a number at its end, such as mock-2',
  );
  // All errors at once.
  equal(refused("auto/0").split("\n").length, 2);
});

Deno.test("a segment given as an object is checked, too", () => {
  deepEqual(checkSegment({ index: 1, count: 2 }), { index: 1, count: 2 });
  for (
    const segment of [
      { index: 2, count: 2 },
      { index: 0.5, count: 2 },
      { index: 0, count: NaN },
    ]
  ) throws(() => checkSegment(segment), PerfmockError);
});

Deno.test("the shares of all replicas add up to the whole, and differ by one at most", () => {
  fc.assert(fc.property(fc.nat(1_000_000), fc.integer({ min: 1, max: 64 }), (
    total,
    count,
  ) => {
    const shares = Array.from(
      { length: count },
      (_, index) => shareOf(total, { index, count }),
    );
    equal(shares.reduce((sum, share) => sum + share, 0), total);
    deepEqual(shares, shares.toSorted((a, b) => b - a));
    equal(shares[0] - shares[count - 1] <= 1, true);
  }));
  equal(shareOf(Infinity, { index: 1, count: 3 }), Infinity);
});

Deno.test("each number is taken by one replica, and as many as its share", () => {
  fc.assert(fc.property(fc.nat(500), fc.integer({ min: 1, max: 9 }), (
    total,
    count,
  ) => {
    const numbers = Array.from({ length: total }, (_, number) => number);
    for (let index = 0; index < count; index++) {
      equal(
        numbers.filter((number) => takes({ index, count }, number)).length,
        shareOf(total, { index, count }),
      );
    }
  }));
});
