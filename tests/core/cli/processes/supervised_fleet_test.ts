import { deepEqual, equal, match, rejects } from "node:assert/strict";
import {
  MISSED,
  type Report,
} from "../../../../core/cli/processes/messages.ts";
import { SupervisedFleet } from "../../../../core/cli/processes/supervised_fleet.ts";
import { until } from "../../../support/wait.ts";

const STATE = { replicas: [], lost: [], reasons: ["one was replaced"] };
const CALL = { method: "POST", target: "/x", headers: {}, body: "" };

function fleet(interval: number) {
  const reports: Report[] = [];
  const supervised = new SupervisedFleet(
    { name: "0/2", fleet: STATE },
    (report) => reports.push(report),
    interval,
  );
  return { supervised, reports };
}

Deno.test("a change whose supervisor stops ends with an error, further ones at once, and health tells the reason until it goes on", async () => {
  const { supervised, reports } = fleet(2);
  using _ = supervised;
  const change = rejects(supervised.change(CALL), {
    code: "REPLICA_UNREACHABLE",
    message: /^Cannot tell if this change was made: the supervisor does not/,
  });
  equal(reports.length, 1);
  await change;
  equal(supervised.reasons().length, 2);
  match(
    supervised.reasons()[1],
    /^The supervisor \(pid \d+\) does not answer: /,
  );
  await rejects(supervised.change(CALL), {
    code: "REPLICA_UNREACHABLE",
    message: /Nothing was changed$/,
  });
  equal(reports.length, 1);
  supervised.heard();
  deepEqual(supervised.reasons(), ["one was replaced"]);
  const next = supervised.change(CALL);
  const answer = { status: 200, headers: {}, body: "" };
  supervised.answered({ kind: "answer", id: 1, answer });
  deepEqual(await next, answer);
});

Deno.test("a fleet that is disposed looks for its supervisor no more", async () => {
  const { supervised } = fleet(1);
  supervised[Symbol.dispose]();
  const { supervised: other } = fleet(1);
  using _ = other;
  await until(() => other.reasons().length === 2);
  deepEqual(supervised.reasons(), ["one was replaced"]);
  equal(MISSED > 2, true);
});
