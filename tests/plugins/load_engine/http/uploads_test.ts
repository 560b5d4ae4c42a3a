import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { dirname } from "node:path";
import { Uploads } from "../../../../plugins/load_engine/http/mod.ts";

function bytes(count: number): ReadableStream<Uint8Array> {
  return new Blob([new Uint8Array(count)]).stream();
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("Uploads keeps files under names of their own, and removes them at its end", async () => {
  const uploads = new Uploads();
  const first = await uploads.take("trace.har", bytes(5000));
  const second = await uploads.take("../../etc/pass wd", bytes(1));
  const empty = await uploads.take("..", null);
  equal((await Deno.stat(first)).size, 5000);
  match(first, /\/1-trace\.har$/u);
  match(second, /\/2-pass_wd$/u);
  equal(new Set([first, second, empty].map((path) => dirname(path))).size, 1);
  equal(uploads.bytes, 5000 + 2 * 4096);
  await uploads[Symbol.asyncDispose]();
  deepEqual(
    await Promise.all([first, second, empty].map(exists)),
    [false, false, false],
  );
  await new Uploads()[Symbol.asyncDispose]();
});

Deno.test("Uploads refuses a file that is too large, and removes the oldest ones beyond its limit", async () => {
  await using uploads = new Uploads({ each: 8000, all: 15_000 });
  await rejects(
    uploads.take("big.log", bytes(8001)),
    /larger than 8000 bytes/u,
  );
  equal(uploads.bytes, 0);
  const [a, b, c] = [
    await uploads.take("a", bytes(6000)),
    await uploads.take("b", bytes(6000)),
    await uploads.take("c", bytes(6000)),
  ];
  deepEqual(await Promise.all([a, b, c].map(exists)), [false, true, true]);
  equal(uploads.bytes, 12_000);
});

Deno.test("Uploads removes a file whose body breaks off, and keeps the others", async () => {
  await using uploads = new Uploads();
  const whole = await uploads.take("whole.log", bytes(100));
  let sent = false;
  const broken = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) controller.error(new Error("the sender is gone"));
      else controller.enqueue(new Uint8Array(100));
      sent = true;
    },
  });
  await rejects(uploads.take("broken.log", broken), {
    code: "ARGUMENT_INVALID",
    message: /Cannot keep the file broken\.log: the sender is gone/u,
  });
  deepEqual(
    [...Deno.readDirSync(dirname(whole))].map(({ name }) => name),
    ["1-whole.log"],
  );
  equal(uploads.bytes, 4096);
});

Deno.test({
  name: "Uploads says that it can keep no files where it may not write",
  permissions: { read: true, write: false },
  fn: async () => {
    await using uploads = new Uploads();
    for (let attempt = 0; attempt < 2; attempt++) {
      await rejects(uploads.take("a.log", bytes(1)), {
        code: "ARGUMENT_INVALID",
        message: /Cannot keep files of load scripts/u,
      });
    }
    equal(uploads.bytes, 0);
  },
});
