import { equal } from "node:assert/strict";
import { PerfmockError } from "../../../core/errors.ts";
import {
  describeError,
  describeIssue,
  readablePath,
} from "../../../core/lib/issue_text.ts";

Deno.test("describeIssue() writes path, message, value, allowed values, suggestion and place", () => {
  equal(
    describeIssue({
      path: "/routes/0/scale",
      message: "Must be greater than 0",
      value: -1,
      allowed: "a number greater than 0",
      suggestion: "1",
    }, "mock.yaml:3:5"),
    `  /routes/0/scale: Must be greater than 0
    received: -1
    allowed: a number greater than 0
    suggestion: 1
    at mock.yaml:3:5
`,
  );
  equal(describeIssue({ path: "", message: "Wrong" }), "  Wrong\n");
});

Deno.test("describeIssue() cuts long values, writes big integers, and escapes what a terminal would obey", () => {
  const long = describeIssue({
    path: "",
    message: "M",
    value: "x".repeat(500),
  });
  equal(long.split("\n")[1].length, "    received: ".length + 122);
  equal(
    describeIssue({ path: "", message: "M\u001b[31m", value: 12n }),
    "  M\\u001b[31m\n    received: 12\n",
  );
  equal(
    describeIssue({ path: "", message: "M", value: Symbol("x") }),
    "  M\n    received: Symbol(x)\n",
  );
});

Deno.test("describeIssue() describes values that JSON cannot hold", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const hostile = new Proxy({}, {
    get() {
      throw new Error("misbehaves");
    },
  });
  for (
    const [value, written] of [
      [circle, "a list"],
      [hostile, "an object"],
      [{ big: 1n }, "an object"],
      [() => {}, "a function"],
    ] as const
  ) {
    equal(
      describeIssue({ path: "", message: "M", value }),
      `  M\n    received: ${written}\n`,
    );
  }
});

Deno.test("readablePath() writes a slash within a key as a slash, and leaves options alone", () => {
  equal(readablePath("/plugins/.~1boom.ts/a~0b"), "/plugins/./boom.ts/a~b");
  equal(readablePath("--port"), "--port");
});

Deno.test("describeError() writes message, code and all issues", () => {
  const error = new PerfmockError("CONFIG_INVALID", "Cannot do it", [
    { path: "/a", message: "A" },
    { path: "/b", message: "B" },
  ]);
  equal(
    describeError(error, [undefined, "f:1:2"]),
    "Cannot do it [CONFIG_INVALID]\n\n  /a: A\n\n  /b: B\n    at f:1:2\n",
  );
  equal(
    describeError(new PerfmockError("ROUTE_UNKNOWN", "No")),
    "No [ROUTE_UNKNOWN]\n",
  );
});
