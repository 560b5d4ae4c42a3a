import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG = `seed: 7
routes:
  - { id: orders, path: /orders, serviceTime: { uniform: { min: 0, max: 1s } } }
  - { id: health, path: /health }
`;

Deno.test("draw prints one number: a pure function of configuration, seed, route and sequence number", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  const draw = async (sequence: string, ...more: string[]) => {
    const { status, out, err } = await cli(
      "draw",
      "--config",
      `${folder.path}/c.yaml`,
      "--route",
      "orders",
      "--sequence",
      sequence,
      ...more,
    );
    deepEqual([status, err], [0, ""]);
    match(out, /^\d+(\.\d+)?\n$/);
    return out;
  };
  const first = await draw("0");
  equal(await draw("0"), first);
  equal(await draw("0", "--seed", "7"), first);
  notEqual(await draw("1"), first);
  notEqual(await draw("0", "--seed", "8"), first);
  notEqual(await draw("0", "--seed", "word"), first);
});

Deno.test("draw prints 0 for a route without a service time", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  const { status, out } = await cli(
    "draw",
    "--config",
    `${folder.path}/c.yaml`,
    "--route",
    "health",
    "--sequence",
    "3",
  );
  deepEqual([status, out], [0, "0\n"]);
});

Deno.test("draw reports an unknown route and an invalid sequence number at once", async () => {
  await using folder = await folderWith({ "c.yaml": CONFIG });
  for (const sequence of ["x", "-1", "1.5", "", "99999999999999999"]) {
    const { status, out, err } = await cli(
      "draw",
      "--config",
      `${folder.path}/c.yaml`,
      "--route",
      "order",
      `--sequence=${sequence}`,
    );
    deepEqual([status, out], [2, ""]);
    match(err, /There is no route "order"/);
    match(err, /allowed: orders, health\n {4}suggestion: orders/);
    match(err, /A sequence number is a whole number from 0/);
  }
});
