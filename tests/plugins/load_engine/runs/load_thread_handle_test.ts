// Runs alone, without the profiler: changes the environment.
import { BUILTIN } from "../../../../core/builtin.ts";
import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { VirtualClock } from "../../../../core/testing.ts";
import type { ThreadOrder } from "../../../../plugins/load_engine/runs/load_thread.ts";
import { LoadThread } from "../../../../plugins/load_engine/runs/load_thread_handle.ts";
import { folderWith } from "../../../support/plugins.ts";
import { until } from "../../../support/wait.ts";
import { at, serve } from "../http/_orders.ts";
import { FakeWorker, progress, result } from "./_fakes.ts";

const ORDER: ThreadOrder = {
  input: { json: "{}", folder: "file:///", builtin: BUILTIN.module },
  script: {},
  folder: "/",
  seed: 42,
  connections: Infinity,
  destination: {
    origin: "http://127.0.0.1:1",
    secure: false,
    addresses: ["127.0.0.1"],
    port: 1,
    host: "127.0.0.1:1",
    prefix: "",
    certificates: [],
  },
};

/** Makes a thread on a fake worker and a virtual clock, and records its messages. */
function thread() {
  const worker = new FakeWorker();
  const clock = new VirtualClock();
  const heard: string[] = [];
  const made = new LoadThread(ORDER, {
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

Deno.test("LoadThread survives a thread that dies, and leaves nothing behind", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const dying = "onmessage = () => { throw new Error('out of luck'); };";
  await using _thread = new LoadThread(ORDER, {
    ready: () => {},
    tick: () => {},
    ended: () => {},
    failed: resolve,
  }, {
    clock: new VirtualClock(),
    startWorker: () =>
      new Worker(`data:text/javascript,${encodeURIComponent(dying)}`, {
        type: "module",
      }),
  });
  match(await promise, /out of luck/);
});

/** Plugin that fails in a timer on the thread that loads it, as soon as that is ready. */
const STRAY = `
const { postMessage } = self;
self.postMessage = (message, transfer) => {
  postMessage.call(self, message, transfer);
  if (message.kind !== "ready") return;
  setTimeout(() => { throw new Error("in a timer"); });
};
export default { name: "stray", version: "1.0.0", setup: () => ({}) };`;

/** Number of descriptors of event loops of this process. */
function loops(): number {
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return /^anon_inode:\[event/.test(
        Deno.readLinkSync(`/proc/self/fd/${name}`),
      );
    } catch {
      return false;
    }
  }).length;
}

Deno.test("LoadThread fails with the stray error of a plugin on its thread, whose loop leaves no descriptor", async () => {
  await using folder = await folderWith({ "stray.js": STRAY });
  await using server = serve(() => new Response("ok"));
  const run = async () => {
    const failed = Promise.withResolvers<string>();
    const thread = new LoadThread({
      ...ORDER,
      input: {
        json: JSON.stringify({ plugins: { "./stray.js": {} } }),
        folder: folder.url.href,
        builtin: BUILTIN.module,
      },
      script: {
        scenarios: {
          a: {
            executor: "arrival-rate",
            rate: "100/s",
            duration: "1m",
            requests: [{ path: "/" }],
          },
        },
      },
      destination: at(server.port),
    }, {
      ready: () => thread.start(),
      tick: () => {},
      ended: () => {},
      failed: failed.resolve,
    }, { clock: new VirtualClock() });
    match(await failed.promise, /in a timer/);
    await thread[Symbol.asyncDispose]();
  };
  // The first thread makes what all others share.
  await run();
  const before = loops();
  // More than one: the first may still be about to end.
  for (let i = 0; i < 3; i++) await run();
  await until(() => loops() <= before);
});

/** Deno's setting: number of tasks after which a new thread's event loop checks for input and output. */
const INTERVAL = "DENO_TOKIO_EVENT_INTERVAL";

Deno.test("LoadThread starts a thread with a short event interval, and restores the setting for others", async () => {
  const before = Deno.env.get(INTERVAL);
  Deno.env.delete(INTERVAL);
  try {
    const said = Promise.withResolvers<string>();
    // The thread reads the setting when it starts.
    const telling =
      `const found = Deno.env.get("${INTERVAL}"); onmessage = ({ data }) => postMessage(data.kind === "close" ? { kind: "closed" } : { kind: "failed", reason: found });`;
    await using _thread = new LoadThread(ORDER, {
      ready: () => {},
      tick: () => {},
      ended: () => {},
      failed: said.resolve,
    }, {
      clock: new VirtualClock(),
      startWorker: () =>
        new Worker(`data:text/javascript,${encodeURIComponent(telling)}`, {
          type: "module",
        }),
    });
    equal(await said.promise, "1");
    equal(Deno.env.get(INTERVAL), undefined);
  } finally {
    if (before !== undefined) Deno.env.set(INTERVAL, before);
  }
});

Deno.test("LoadThread restores the setting if its thread cannot be started", () => {
  const before = Deno.env.get(INTERVAL);
  throws(
    () =>
      new LoadThread(ORDER, {
        ready: () => {},
        tick: () => {},
        ended: () => {},
        failed: () => {},
      }, {
        clock: new VirtualClock(),
        startWorker: () => {
          throw new Error("no thread");
        },
      }),
    /no thread/,
  );
  equal(Deno.env.get(INTERVAL), before);
});
