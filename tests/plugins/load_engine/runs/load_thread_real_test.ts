// Runs alone, without the profiler: changes the environment.
import { BUILTIN } from "../../../../core/builtin.ts";
import { equal, match, throws } from "node:assert/strict";
import { VirtualClock } from "../../../../core/testing.ts";
import { LoadThread } from "../../../../plugins/load_engine/runs/load_thread_handle.ts";
import { folderWith } from "../../../support/plugins.ts";
import { until } from "../../../support/wait.ts";
import { at, serve } from "../http/_orders.ts";
import { THREAD_ORDER } from "./_fakes.ts";

Deno.test("LoadThread survives a thread that dies, and leaves nothing behind", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const dying = "onmessage = () => { throw new Error('out of luck'); };";
  await using _thread = new LoadThread(THREAD_ORDER, {
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
      ...THREAD_ORDER,
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
    await using _thread = new LoadThread(THREAD_ORDER, {
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
      new LoadThread(THREAD_ORDER, {
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
