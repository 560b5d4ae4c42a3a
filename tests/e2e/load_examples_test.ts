import { deepEqual, equal, match } from "node:assert/strict";
import { cli } from "../support/cli.ts";

const FOLDER = new URL("../../examples/load/", import.meta.url).pathname;

/** All scripts in the folder, so that a new one is simulated without being listed here. */
const SCRIPTS = [...Deno.readDirSync(FOLDER)]
  .map(({ name }) => name)
  .filter((name) => name.endsWith(".yaml") && name !== "shop.yaml")
  .sort();

Deno.test("Each pattern of traffic has a load script", () => {
  deepEqual(SCRIPTS, [
    "closed_users.yaml",
    "cycle.yaml",
    "fixed_work.yaml",
    "modulate.yaml",
    "ramp.yaml",
    "replay.yaml",
    "spike.yaml",
  ]);
});

for (const script of SCRIPTS) {
  Deno.test(`examples/load/${script} keeps its thresholds in simulation`, async () => {
    const { status, out, err } = await cli(
      "simulate",
      `${FOLDER}${script}`,
      "--config",
      `${FOLDER}shop.yaml`,
    );
    equal(err, "");
    equal(status, 0, out);
    match(out, /✓/);
  });
}
