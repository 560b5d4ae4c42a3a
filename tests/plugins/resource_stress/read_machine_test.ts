import { deepEqual, equal, ok } from "node:assert/strict";
import {
  type Machine,
  readAvailableMemory,
  readMachine,
} from "../../../plugins/resource_stress/read_machine.ts";

/** Figures that a process with these permissions reads. */
async function known(
  ...permissions: string[]
): Promise<Machine & { available: number | null }> {
  const script = new URL(
    "../../../plugins/resource_stress/read_machine.ts",
    import.meta.url,
  ).href;
  const { DENO_COVERAGE_DIR: _, ...env } = Deno.env.toObject();
  const { stdout, stderr, code } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-check",
      ...permissions,
      `data:application/javascript,${
        encodeURIComponent(
          `import { readAvailableMemory, readMachine } from ${
            JSON.stringify(script)
          };
           console.log(JSON.stringify({ ...readMachine(), available: readAvailableMemory() ?? null }));`,
        )
      }`,
    ],
    clearEnv: true,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  equal(code, 0, text.decode(stderr));
  return JSON.parse(text.decode(stdout));
}

Deno.test("readMachine() without permissions reports which figures are unknown, and does not prompt", async () => {
  const machine = await known();
  ok(machine.cores >= 1);
  deepEqual(
    [machine.memory, machine.groupLimit, machine.threadTimes],
    [undefined, undefined, false],
  );
  equal(machine.available, null);
  deepEqual(machine.unknown, [
    "The machine's memory is unknown (needs --allow-sys): the cap is a fixed one",
    "The control group's memory limit is unknown (needs --allow-all, on Linux): the cap leaves it out",
    "How long threads wait for a core is unknown (needs --allow-all, on Linux): their CPU time is read in steps of some milliseconds",
  ]);
});

Deno.test("readMachine() with permission to read files, but not /proc, reports what is unknown", async () => {
  const machine = await known("--allow-read", "--allow-sys");
  ok(Number(machine.memory) > 0);
  ok(Number(machine.available) > 0);
  equal(machine.groupLimit, undefined);
  equal(machine.threadTimes, false);
  equal(machine.unknown.length, 2);
});

Deno.test("readMachine() with all permissions reads every figure on Linux", {
  ignore: Deno.build.os !== "linux",
}, () => {
  const machine = readMachine();
  ok(Number(machine.memory) > 2 ** 20);
  ok(Number(machine.groupLimit) > 2 ** 20);
  deepEqual(machine.unknown, []);
  ok(Number(readAvailableMemory()) <= Number(machine.memory));
});
