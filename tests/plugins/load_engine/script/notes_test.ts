import { deepEqual } from "node:assert/strict";
import {
  notesOnRun,
  notesOnSimulation,
} from "../../../../plugins/load_engine/script/notes.ts";
import { FakeDials, parse } from "../_scripts.ts";

/** A script with each way to change a server, and a note on its trace. */
async function script(target?: string) {
  const stress = {
    issues: () => [],
    start: () => Promise.reject(new Error("not here")),
  };
  const parsed = await parse({
    ...target !== undefined && { target },
    scenarios: {
      slow: {
        executor: "modulate",
        set: { route: "orders", dial: "scale" },
        to: 2,
        duration: "1s",
      },
      burn: { executor: "stress", scenario: {} },
      browse: {
        executor: "arrival-rate",
        rate: "1/s",
        duration: "1s",
        requests: [{ path: "/" }],
      },
    },
  }, { dials: new FakeDials(), stress });
  return { ...parsed, notes: ["browse: 1 of 2 lines left out"] };
}

const TARGET = "http://127.0.0.1:8080/";

Deno.test("Notes on a run with a target say where its controls acted", async () => {
  deepEqual(notesOnRun(await script(TARGET)), [
    `slow: turned a dial of the perfmock server that runs this script, not of the target ${TARGET}`,
    `burn: put stress on the machine that runs this script; the target ${TARGET} notices it only there`,
    "browse: 1 of 2 lines left out",
  ]);
});

Deno.test("Notes on a run against its own server concern its traces only", async () => {
  deepEqual(notesOnRun(await script()), ["browse: 1 of 2 lines left out"]);
});

Deno.test("Notes on a simulation say what it leaves out", async () => {
  const burn =
    "burn: left out, because stress acts on the machine, which has no virtual time";
  deepEqual(notesOnSimulation(await script(TARGET)), [
    `requests went to a copy of this configuration, not to the target ${TARGET}`,
    burn,
    "browse: 1 of 2 lines left out",
  ]);
  deepEqual(notesOnSimulation(await script()), [
    burn,
    "browse: 1 of 2 lines left out",
  ]);
});
