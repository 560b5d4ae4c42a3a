import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  messageOf,
  sleep,
  wallTime,
} from "../../../../plugins/exporters/push/mod.ts";
import { Clockwork, settle } from "./_clockwork.ts";

Deno.test("sleep() ends at its time, or with its signal, and leaves no timer", async () => {
  const clock = new Clockwork();
  const controller = new AbortController();
  const ends: string[] = [];
  sleep(clock, 10, controller.signal).then(() => ends.push("ten"));
  const long = sleep(clock, 20, controller.signal);
  await clock.pass(15);
  deepEqual(ends, ["ten"]);
  controller.abort(new Error("Over"));
  await rejects(long, /Over/);
  await rejects(sleep(clock, 5, controller.signal), /Over/);
  equal(clock.pending, 0);
});

Deno.test("sleep() that ended takes no notice of its signal", async () => {
  const clock = new Clockwork();
  const controller = new AbortController();
  const slept = sleep(clock, 10, controller.signal);
  await clock.pass(10);
  await slept;
  controller.abort(new Error("Over"));
  await settle();
});

Deno.test("messageOf() tells causes, and no URL", () => {
  equal(messageOf("text"), "text");
  equal(
    messageOf(
      new TypeError("fetch failed", {
        cause: new Error("error for url (http://a/?key=secret): refused"),
      }),
    ),
    "fetch failed: error: refused",
  );
});

Deno.test("wallTime() counts from the start of the process", () => {
  equal(wallTime(1.5), performance.timeOrigin + 1.5);
});
