import assert from "node:assert/strict";
import { applyLayers, requestedFile } from "../../../core/config/layers.ts";

const FILE = {
  seed: 1,
  server: { host: "::1", port: 1, cors: false },
  control: { token: "file" },
  routes: [],
};

Deno.test("applyLayers() returns the file unchanged without other settings", () => {
  assert.equal(applyLayers(FILE, {}, {}).value, FILE);
  assert.equal(applyLayers(FILE, { PERFMOCK_PORT: "" }).value, FILE);
  assert.equal(applyLayers(FILE, { PERFMOCK_OTHER: "1" }).value, FILE);
});

Deno.test("applyLayers() gives the command line precedence over environment, environment over file", () => {
  const environment = {
    PERFMOCK_HOST: "localhost",
    PERFMOCK_PORT: "2",
    PERFMOCK_SEED: "2",
    PERFMOCK_TOKEN: "42",
  };
  assert.deepEqual(applyLayers(FILE, environment, { port: "3" }).value, {
    seed: 2,
    server: { host: "localhost", port: 3, cors: false },
    control: { token: "42" },
    routes: [],
  });
  assert.equal(FILE.server.port, 1);
});

Deno.test("applyLayers() adds objects that the file lacks", () => {
  assert.deepEqual(
    applyLayers({}, { PERFMOCK_TOKEN: "x" }, { host: "::1", seed: "a b" })
      .value,
    { server: { host: "::1" }, control: { token: "x" }, seed: "a b" },
  );
});

Deno.test("applyLayers() parses whole numbers and leaves other text as it is", () => {
  const seed = (text: string) => applyLayers({}, {}, { seed: text }).value.seed;
  assert.equal(seed("-7"), -7);
  assert.equal(seed("0x10"), "0x10");
  assert.equal(seed("1.5"), "1.5");
  assert.equal(seed("99999999999999999999"), "99999999999999999999");
});

Deno.test("applyLayers() does not replace a value that should be an object", () => {
  const file = { server: "no object" };
  assert.deepEqual(applyLayers(file, { PERFMOCK_PORT: "1" }).value, file);
  assert.deepEqual(
    applyLayers({ server: null }, { PERFMOCK_PORT: "1" }).value,
    { server: null },
  );
});

Deno.test("attribute() names the source of an invalid setting, and hides a token", () => {
  const { attribute } = applyLayers(
    {},
    { PERFMOCK_PORT: "x", PERFMOCK_TOKEN: "secret" },
    { host: "" },
  );
  assert.deepEqual(
    attribute([
      { path: "/server/port", message: "Expected a number", value: "x" },
      { path: "/server/host", message: "Too short", value: "" },
      { path: "/control/token", message: "Bad", value: "secret" },
      { path: "/routes", message: "Missing" },
    ]),
    [
      {
        path: "/server/port",
        message: "Expected a number (from PERFMOCK_PORT)",
        value: "x",
      },
      { path: "/server/host", message: "Too short (from --host)", value: "" },
      {
        path: "/control/token",
        message: "Bad (from PERFMOCK_TOKEN)",
        value: "…",
      },
      { path: "/routes", message: "Missing" },
    ],
  );
});

Deno.test("requestedFile() gives the command line precedence over the environment", () => {
  const environment = { PERFMOCK_CONFIG: "a.yaml" };
  assert.equal(requestedFile({ config: "b.json" }, environment), "b.json");
  assert.equal(requestedFile({}, environment), "a.yaml");
  assert.equal(requestedFile({}, { PERFMOCK_CONFIG: "" }), undefined);
});
