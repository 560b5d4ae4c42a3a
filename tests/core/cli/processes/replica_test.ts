import { deepEqual, equal, match, ok } from "node:assert/strict";
import { sentError } from "../../../../core/cli/processes/replica.ts";
import { ReplicaProcess } from "../../../../core/cli/processes/replica_process.ts";
import type { Report } from "../../../../core/cli/processes/messages.ts";
import type { ProcessEnd } from "../../../../core/cli/processes/replica_process.ts";
import { LocatedError } from "../../../../core/cli/located.ts";
import { PerfmockError } from "../../../../core/errors.ts";

Deno.test("sentError() keeps code, issues and places of an error, and describes any other", () => {
  const issue = { path: "/seed", message: "It is no seed", value: {} };
  const error = new PerfmockError("CONFIG_INVALID", "Cannot serve", [issue]);
  const sent = sentError(error);
  deepEqual([sent.code, sent.message, sent.issues], [
    "CONFIG_INVALID",
    "Cannot serve",
    [issue],
  ]);
  match(sent.text, /^Cannot serve \[CONFIG_INVALID\]\n/);
  const located = new LocatedError(
    error,
    [{ issue, position: { line: 3, column: 5 } }],
    "c.yaml",
  );
  match(sentError(located).text, /at c\.yaml:3:5/);
  const other = sentError(new TypeError("no function"));
  equal(other.code, undefined);
  deepEqual(other.issues, []);
  match(other.text, /no function\n$/);
});

Deno.test("ReplicaProcess runs a replica that says hello, and ends it where its first order is no start", async () => {
  const reports: Report[] = [];
  const ends: ProcessEnd[] = [];
  const process = new ReplicaProcess({
    report(report) {
      reports.push(report);
      process.send({ kind: "drain" });
    },
    line: () => {},
    ended: (end) => void ends.push(end),
  });
  ok(process.pid > 0);
  await process.over;
  deepEqual(reports, [{ kind: "hello" }]);
  deepEqual(ends.map(({ how }) => how), ["status 1"]);
  // Neither an order nor a second end harms a process that is gone.
  process.send({ kind: "drain" });
  process.kill();
  equal(ends.length, 1);
});

Deno.test("ReplicaProcess tells the signal that ended a process", async () => {
  const ends: ProcessEnd[] = [];
  const process = new ReplicaProcess({
    report: () => {},
    line: () => {},
    ended: (end) => void ends.push(end),
  });
  process.kill();
  await process.over;
  deepEqual(ends.map(({ how }) => how), ["SIGKILL"]);
});
