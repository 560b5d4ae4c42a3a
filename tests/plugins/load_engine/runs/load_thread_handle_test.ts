import { deepEqual, equal, ok } from "node:assert/strict";
import { VirtualClock } from "../../../../core/testing.ts";
import type { ShareData } from "../../../../plugins/load_engine/figures/share_data.ts";
import { LoadThread } from "../../../../plugins/load_engine/runs/load_thread_handle.ts";
import { FakeWorker, progress, result, THREAD_ORDER } from "./_fakes.ts";

/** Makes a thread on a fake worker and a virtual clock, and records its messages. */
function thread() {
  const worker = new FakeWorker();
  const clock = new VirtualClock();
  const heard: string[] = [];
  const made = new LoadThread(THREAD_ORDER, {
    ready: () => heard.push("ready"),
    tick: ({ elapsed }) => heard.push(`tick ${elapsed}`),
    ended: ({ summary }) => heard.push(`ended ${summary.name}`),
    failed: (reason) => heard.push(`failed: ${reason}`),
  }, { clock, startWorker: () => worker });
  return { worker, clock, heard, thread: made };
}

Deno.test("LoadThread passes messages between the run and its worker", async () => {
  const { worker, heard, thread: made } = thread();
  worker.say({ kind: "ready", notes: [] });
  made.start();
  worker.say({ kind: "tick", progress: progress(1000), times: {} });
  made.stop("enough");
  made.cut("now");
  worker.say({ kind: "ended", result: result() });
  await made[Symbol.asyncDispose]();
  deepEqual(heard, ["ready", "tick 1000", "ended demo"]);
  deepEqual(worker.received, ["prepare", "start", "stop", "cut", "close"]);
  ok(worker.terminated);
});

Deno.test("LoadThread reports an error of its worker, and nothing after it", async () => {
  const { worker, heard, thread: made } = thread();
  equal(worker.throw("out of luck"), true);
  worker.say({ kind: "ready", notes: [] });
  worker.throw("again");
  worker.garble();
  made.start();
  await made[Symbol.asyncDispose]();
  deepEqual(heard, ["failed: out of luck"]);
  deepEqual(worker.received, ["prepare", "close"]);
});

Deno.test("LoadThread fails with its worker's reason, and on an unreadable message", async () => {
  const said = thread();
  said.worker.say({ kind: "failed", reason: "no script" });
  deepEqual(said.heard, ["failed: no script"]);
  const garbled = thread();
  garbled.worker.garble();
  deepEqual(garbled.heard, ["failed: It sent an unreadable message"]);
  await said.thread[Symbol.asyncDispose]();
  await garbled.thread[Symbol.asyncDispose]();
});

Deno.test("LoadThread fails if its worker sends nothing for 15 s", async () => {
  const { worker, clock, heard, thread: made } = thread();
  clock.advance(14_999);
  worker.say({ kind: "ready", notes: [] });
  clock.advance(14_999);
  deepEqual(heard, ["ready"]);
  clock.advance(1);
  deepEqual(heard, ["ready", "failed: It has sent no message for 15 s"]);
  await made[Symbol.asyncDispose]();
});

Deno.test("LoadThread.summarize() returns the summary, or undefined after the end", async () => {
  const { worker, thread: made } = thread();
  const first = made.summarize();
  const second = made.summarize();
  worker.say({ kind: "summary", summary: result().summary });
  equal((await first)?.name, "demo");
  equal(await first, await second);
  const late = made.summarize();
  worker.say({ kind: "ended", result: result() });
  equal(await late, undefined);
  equal(await made.summarize(), undefined);
  await made[Symbol.asyncDispose]();
});

Deno.test("LoadThread terminates a worker that does not close within 4 s", async () => {
  const { worker, clock, thread: made } = thread();
  worker.closes = false;
  const gone = made[Symbol.asyncDispose]();
  equal(made[Symbol.asyncDispose](), gone);
  clock.advance(3999);
  equal(worker.terminated, false);
  clock.advance(1);
  await gone;
  equal(worker.terminated, true);
});

Deno.test("LoadThread.share() returns the figures so far, or undefined after the end", async () => {
  const { worker, thread: made } = thread();
  const share = { name: "demo" } as ShareData;
  const first = made.share();
  const second = made.share();
  worker.say({ kind: "share", share });
  deepEqual([await first, await second], [share, share]);
  const late = made.share();
  worker.throw("out of luck");
  equal(await late, undefined);
  equal(await made.share(), undefined);
  equal(worker.received.filter((kind) => kind === "share").length, 3);
  await made[Symbol.asyncDispose]();
});

Deno.test("LoadThread gives its worker 120 s to read the script, and hears nothing while it waits for its start", async () => {
  const slow = thread();
  slow.clock.advance(119_999);
  deepEqual(slow.heard, []);
  slow.clock.advance(1);
  deepEqual(slow.heard, ["failed: It has sent no message for 120 s"]);
  await slow.thread[Symbol.asyncDispose]();
  const { worker, clock, heard, thread: made } = thread();
  worker.say({ kind: "ready", notes: [] });
  made.rest();
  clock.advance(3_600_000);
  deepEqual(heard, ["ready"]);
  // A start that is a minute away is silent for as long, and 15 s more.
  made.start(60_000);
  clock.advance(74_999);
  deepEqual(heard, ["ready"]);
  clock.advance(1);
  deepEqual(heard, ["ready", "failed: It has sent no message for 75 s"]);
  await made[Symbol.asyncDispose]();
});
