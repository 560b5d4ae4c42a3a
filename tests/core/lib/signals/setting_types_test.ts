import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { integrated } from "../../../../core/lib/signals/_form.ts";
import { folderWith } from "../../../support/plugins.ts";
import { createKit, validate } from "../../../../core/config/mod.ts";
import { issuesOf, kit, signal } from "./_signals.ts";

function said(value: unknown, unit = kit.rate()): string[] {
  return issuesOf(value, unit).map(({ path, message, suggestion }) =>
    `${path}: ${message}${suggestion === undefined ? "" : ` → ${suggestion}`}`
  );
}

Deno.test("kit.signal() parses values in the given unit", () => {
  const written = { ramp: { from: "60/m", to: "10/s", over: "1s" } };
  equal(signal(written, kit.rate()).at(0), 1);
  equal(signal({ ramp: { from: 0, to: 1, over: 9 } }, kit.share()).at(9), 1);
  deepEqual(said({ ramp: { from: 0, to: 2, over: 9 } }, kit.share()), [
    "/ramp/to: Must be from 0 to 1, received 2 → 0.02",
  ]);
});

Deno.test("kit.signal() reports what is wrong with a bare value", () => {
  deepEqual(said("400/sec"), [
    ': Cannot read "400/sec" as a rate → 400/s',
  ]);
  deepEqual(said([]), [": Expected a rate or an object, received a list"]);
  match(issuesOf([], kit.rate())[0].allowed ?? "", /ramp, stages, steps/);
});

Deno.test("kit.signal() suggests a form for a misspelt one", () => {
  deepEqual(said({ rmp: { from: 1, to: 2, over: 3 } }), [
    '/rmp: Unknown key "rmp" → ramp',
  ]);
});

Deno.test("kit.signal() accepts exactly one form", () => {
  const ramp = { from: 1, to: 2, over: 3 };
  deepEqual(said({ ramp, steps: [{ at: 0, value: 1 }] }), [
    ": Expected an object with one key, the form, received 2 keys",
  ]);
  deepEqual(said({}), [
    ": Expected an object with one key, the form, received 0 keys",
  ]);
});

Deno.test("kit.signal() reports all errors at once, at any depth", () => {
  deepEqual(
    said({
      sum: [
        { ramp: { from: "1/s", too: "5/s", over: "0s" } },
        { repeat: { signal: { sine: { mean: "x" } }, period: "-1s" } },
        { sequence: [] },
      ],
    }),
    [
      '/sum/0/ramp/over: Must be greater than 0, received "0s"',
      '/sum/0/ramp/too: Unknown key "too" → to',
      '/sum/1/repeat/signal/sine/mean: Cannot read "x" as a rate',
      "/sum/1/repeat/signal/sine/amplitude: Missing",
      "/sum/1/repeat/signal/sine/period: Missing",
      '/sum/1/repeat/period: Must be greater than 0, received "-1s"',
      "/sum/2/sequence: Must have at least 1 entry, received 0",
    ],
  );
});

Deno.test("kit.signal() rejects decreasing times, and steps that do not begin at 0", () => {
  deepEqual(
    issuesOf({
      steps: [{ at: "5s", value: 1 }, { at: "3s", value: 1 }, {
        at: "4s",
        value: 1,
      }],
    }).map(({ path, message, allowed, value }) => [
      path,
      message,
      allowed,
      value,
    ]),
    [
      [
        "/steps/0/at",
        "The first must be at 0: nothing else says what the value is until then",
        "0",
        "5s",
      ],
      [
        "/steps/1/at",
        "Times must not decrease, but 3000 ms comes after 5000 ms",
        "at least 5000 ms",
        "3s",
      ],
    ],
  );
  equal(
    said({ trace: { points: [{ at: 2, value: 1 }, { at: 1, value: 1 }] } })[0],
    "/trace/points/1/at: Times must not decrease, but 1 ms comes after 2 ms",
  );
});

Deno.test("kit.signal() rejects a nested signal that cannot be integrated", () => {
  const waves = {
    product: [
      { sine: { mean: 1, amplitude: 1, period: 0.0031415926535 } },
      { sine: { mean: 1, amplitude: 1, period: 0.0027182818284 } },
    ],
  };
  match(
    said({ repeat: { signal: waves, period: "1h" } }, kit.number())[0],
    /^\/repeat: Cannot integrate a signal beyond/,
  );
});

Deno.test("kit.signal() has a recursive JSON Schema", () => {
  const schema = kit.z.strictObject({ rate: kit.signal(kit.rate()) });
  const json = JSON.stringify(kit.z.toJSONSchema(schema, { io: "input" }));
  for (const part of ["duty", "amplitude", '"maxProperties":1', "$ref"]) {
    ok(json.includes(part), part);
  }
});

Deno.test("trace accepts either points or a file", async () => {
  await using folder = await folderWith({ "a.csv": "0,1\n" });
  const trace = (value: unknown) => {
    const kit = createKit({
      folder: folder.path,
      distribution: () => ({ issues: [] }),
    });
    const read = validate(kit.signal(kit.number()), { trace: value });
    return read.issues?.map(({ path, message }) => `${path}: ${message}`);
  };
  const points = [{ at: 0, value: 1 }];
  const either = ["/trace: Expected either points or a file"];
  deepEqual(trace({}), either);
  deepEqual(trace({ points, file: "a.csv" }), either);
  equal(trace({ file: "a.csv" }), undefined);
});

Deno.test("integrated() does not catch errors other than PerfmockError", () => {
  const broken = integrated(() => {
    throw new TypeError("broken");
  });
  const context = { value: 1, issues: [], addIssue: () => {} };
  throws(() => broken(1, context), { message: "broken" });
});
