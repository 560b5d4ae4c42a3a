import { equal, match } from "node:assert/strict";
import { cli } from "../support/cli.ts";

const FOLDER = new URL("../../examples/bottleneck/", import.meta.url).pathname;

for (const script of ["find.yaml", "sweep.yaml"]) {
  Deno.test(`examples/bottleneck/${script} fits its configuration`, async () => {
    const { status, out, err } = await cli(
      "check",
      `${FOLDER}${script}`,
      "--config",
      `${FOLDER}perfmock.yaml`,
    );
    equal(err, "");
    equal(status, 0, out);
    match(out, /OK/);
  });
}
