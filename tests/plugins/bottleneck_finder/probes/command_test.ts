import { deepEqual, equal, match, ok } from "node:assert/strict";
import { PreciseClock, VirtualClock } from "../../../../core/lib/time/mod.ts";
import {
  type CommandOptions,
  commandProbe,
} from "../../../../plugins/bottleneck_finder/probes/command.ts";
import type { Loaded } from "../../../../plugins/bottleneck_finder/probes/probe.ts";
import {
  type CommandResult,
  MOST_OUTPUT,
  runCommand,
} from "../../../../plugins/bottleneck_finder/probes/run_command.ts";
import { nextTurn } from "../../../../core/lib/turn.ts";

function plain(signal = new AbortController().signal) {
  return { cpu: 1, floors: new Map<string, number>(), signal };
}

const DONE: CommandResult = {
  duration: 120,
  status: 0,
  output: "",
  errors: "",
  cut: false,
};

/** Answer of a probe whose command gives a result. */
function answer(
  result: Partial<CommandResult>,
  figure?: string,
): Promise<Loaded> {
  return commandProbe(
    { command: "npm test", folder: "/", figure },
    {
      clock: new VirtualClock(),
      run: () => Promise.resolve({ ...DONE, ...result }),
    },
  ).load(plain());
}

Deno.test("the figure of a command is its wall time, or a number that it prints", async () => {
  deepEqual(await answer({}), {
    figure: 120,
    requests: [],
    figures: { "wall time": 120 },
  });
  deepEqual(await answer({ output: '{"ms":7}' }, "/ms"), {
    figure: 7,
    requests: [],
    figures: { "wall time": 120, "/ms": 7 },
  });
});

Deno.test("a command that fails says why", async () => {
  const cases: readonly (readonly [
    Partial<CommandResult>,
    string | undefined,
    string,
  ])[] = [
    [{ status: 3 }, undefined, "The command ended with exit status 3"],
    [
      { status: 1, errors: "\x1b[31mno cart\x1b[0m\n\n", output: "1 failed" },
      undefined,
      "The command ended with exit status 1: no cart",
    ],
    [
      { status: 1, output: "1 failed\n" },
      undefined,
      "The command ended with exit status 1: 1 failed",
    ],
    [{ status: null }, undefined, "The command was killed"],
    [{ output: "x" }, "/ms", "The command printed no JSON"],
    [
      { output: "x", cut: true },
      "/ms",
      "The command printed no JSON; its output was too long",
    ],
  ];
  for (const [result, figure, failure] of cases) {
    deepEqual(await answer(result, figure), { failure });
  }
});

Deno.test("a command cannot be slowed", async () => {
  const probe = commandProbe({ command: "true", folder: "/" }, {
    clock: new VirtualClock(),
    run: () => Promise.resolve(DONE),
  });
  for (
    const conditions of [
      { ...plain(), cpu: 2 },
      { ...plain(), floors: new Map([["https://a.test/*", 9]]) },
    ]
  ) {
    const loaded = await probe.load(conditions);
    match("failure" in loaded ? loaded.failure : "", /cannot be slowed/);
  }
});

Deno.test("a command is ended after its time, by a signal, and with the probe", async () => {
  const clock = new VirtualClock();
  const probe = commandProbe(
    { command: "sleep 99", folder: "/", timeout: 1000 },
    {
      clock,
      run: ({ signal }) =>
        new Promise((resolve) =>
          signal.addEventListener(
            "abort",
            () => resolve({ ...DONE, status: null }),
          )
        ),
    },
  );
  const late = probe.load(plain());
  clock.advance(1000);
  deepEqual(await late, { failure: "The command did not end within 1 s" });
  const ends = new AbortController();
  const interrupted = probe.load(plain(ends.signal));
  ends.abort();
  deepEqual(await interrupted, { failure: "The command was interrupted" });
  const disposed = probe.load(plain());
  await probe[Symbol.asyncDispose]();
  deepEqual(await disposed, { failure: "The command was interrupted" });
  equal(clock.pending, 0);
});

/** Runs a real command once. */
async function real(
  command: string,
  options: Partial<CommandOptions> = {},
): Promise<Loaded> {
  await using clock = new PreciseClock();
  await using probe = commandProbe({ command, folder: "/tmp", ...options }, {
    clock,
  });
  await probe.start();
  return await probe.load(plain());
}

Deno.test("a command is run by the shell, without input, and killed with all that it has started", async () => {
  deepEqual(
    (await real(`x=4; cat; echo warn >&2; echo "{\\"n\\":$((x * 10))}"`, {
      figure: "/n",
    }) as { figures: Record<string, number> }).figures["/n"],
    40,
  );
  deepEqual(await real("cd /nonexistent || { echo lost >&2; exit 7; }"), {
    failure: "The command ended with exit status 7: lost",
  });
  deepEqual(
    await real("true", { folder: "/nonexistent" }).then((loaded) =>
      "failure" in loaded && loaded.failure.startsWith(
        "The command did not start: ",
      )
    ),
    true,
  );
  // The background process would live for a minute, and holds the pipe of the output.
  const marker = `60.${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const began = performance.now();
  const left = await real(`sleep ${marker} & echo 1`, { figure: "" });
  equal("figure" in left && left.figure, 1);
  const late = await real(`sleep ${marker} & trap '' TERM; sleep ${marker}`, {
    timeout: 50,
  });
  deepEqual(late, { failure: "The command did not end within 50 ms" });
  ok(performance.now() - began < 30_000);
  equal(await isRunning(marker), false);
});

Deno.test("the end of a long output is kept, and a command that was interrupted before is not run on", async () => {
  await using clock = new PreciseClock();
  const run = (command: string, signal: AbortSignal) =>
    runCommand({ clock, command, folder: "/tmp", signal });
  const { signal } = new AbortController();
  const long = await run(
    `head -c ${3 * MOST_OUTPUT} /dev/zero | tr '\\0' x; echo end`,
    signal,
  );
  equal(long.cut, true);
  equal(long.output.length <= MOST_OUTPUT, true);
  equal(long.output.endsWith("xend\n"), true);
  const ended = await run("sleep 60", AbortSignal.abort());
  equal(ended.status, null);
  ok(ended.duration < 30_000);
});

/** True if a process has a word among its arguments. */
async function isRunning(word: string): Promise<boolean> {
  await nextTurn();
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await Deno.readTextFile(`/proc/${name}/cmdline`)
      .catch(() => "");
    if (text.split("\0").includes(word)) return true;
  }
  return false;
}
