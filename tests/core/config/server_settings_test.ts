import { deepEqual, equal } from "node:assert/strict";
import { createKit } from "../../../core/config/kit.ts";
import {
  createConfigSchemas,
  type ServerInput,
  validateConfig,
} from "../../../core/config/mod.ts";
import { limitWarnings } from "../../../core/config/server_settings.ts";
import { lines } from "../../support/errors.ts";
import { serverSettings } from "../../support/listening.ts";

const kit = createKit({ folder: "/", distribution: () => ({ issues: [] }) });

function issues(server: unknown, control?: unknown) {
  const { issues = [] } = validateConfig({
    server,
    ...control !== undefined && { control },
  }, { kit, ...createConfigSchemas({ kit, routeKeys: new Map() }) });
  return issues;
}

Deno.test("serverType() reads limits as sizes, numbers and durations, and 0 as no limit for times", () => {
  const { limits } = serverSettings({
    limits: {
      requestLine: "8KiB",
      head: 4096,
      headers: 50,
      body: "5MB",
      connections: 100,
      backlog: 16,
      headTimeout: "1s",
      idleTimeout: 0,
    },
  });
  deepEqual(limits, {
    requestLine: 8192,
    head: 4096,
    headers: 50,
    body: 5_000_000,
    connections: 100,
    backlog: 16,
    headTimeout: 1000,
    idleTimeout: 0,
  });
});

Deno.test("serverType() refuses limits that no server could work with, such as heads of 1 GiB", () => {
  deepEqual(
    lines({
      issues: issues({
        limits: {
          requestLine: 10,
          head: "1GiB",
          headers: 0,
          body: "big",
          connections: 0,
          backlog: 100_000,
          headTimeout: "-1s",
          idelTimeout: 1,
        },
      }),
    }),
    [
      "/server/limits/requestLine: Must be from 64 bytes to 1048576 bytes, received 10",
      '/server/limits/head: Must be from 256 bytes to 16777216 bytes, received "1GiB"',
      "/server/limits/headers: Must be from 1 to 10000, received 0",
      '/server/limits/body: Cannot read "big" as a size',
      "/server/limits/connections: Must be from 1 to 1000000, received 0",
      "/server/limits/backlog: Must be from 1 to 65535, received 100000",
      '/server/limits/headTimeout: Must be at least 0, received "-1s"',
      '/server/limits/idelTimeout: Unknown key "idelTimeout" → idleTimeout',
    ],
  );
});

Deno.test("serverType() takes one host or a list of distinct ones", () => {
  equal(serverSettings({ host: "localhost" }).host, "localhost");
  deepEqual(serverSettings({ host: ["127.0.0.1", "::1"] }).host, [
    "127.0.0.1",
    "::1",
  ]);
  deepEqual(lines({ issues: issues({ host: ["::1", "127.0.0.1", "::1"] }) }), [
    '/server/host/2: The address "::1" is named twice',
  ]);
  const covered = (...host: string[]) =>
    lines({ issues: issues({ host }, { token: "secret" }) });
  deepEqual(covered("0.0.0.0", "::"), [
    '/server/host/0: The address "::" includes "0.0.0.0"',
  ]);
  deepEqual(covered("127.0.0.1", "0.0.0.0"), [
    '/server/host/0: The address "0.0.0.0" includes "127.0.0.1"',
  ]);
  deepEqual(covered("0.0.0.0", "::1"), []);
  for (const host of [[], [""], 1, [1]]) {
    equal(issues({ host }).length > 0, true, JSON.stringify(host));
  }
});

Deno.test("an address beyond loopback takes a token, wherever it stands in a list", () => {
  const host = ["127.0.0.1", "10.1.2.3"];
  deepEqual(
    issues({ host }).map(({ path, value }) => [path, value]),
    [["/server/host/1", "10.1.2.3"]],
  );
  deepEqual(issues({ host }, { token: "secret" }), []);
  deepEqual(issues({ host: ["127.0.0.1", "::1", "localhost"] }), []);
});

Deno.test("serverType() names the engines", () => {
  deepEqual(lines({ issues: issues({ engine: "nativ", reusePort: 1 }) }), [
    "/server/reusePort: Expected true or false, received a number",
    '/server/engine: Must be "auto", "native", "deno" or "node", received "nativ" → native',
  ]);
});

Deno.test("limitWarnings() names the limits that are written where another engine runs", () => {
  const limits = { head: "1MiB", headers: 10 };
  const warn = (server: ServerInput) => limitWarnings({ server });
  deepEqual(warn({ engine: "deno", limits }), [
    {
      path: "/server/limits/head",
      message:
        "The limit has no effect with Deno's HTTP server: only the engine native keeps it",
      value: "1MiB",
      allowed: 'a limit where server.engine is "native", or "auto" without TLS',
    },
    {
      path: "/server/limits/headers",
      message:
        "The limit has no effect with Deno's HTTP server: only the engine native keeps it",
      value: 10,
      allowed: 'a limit where server.engine is "native", or "auto" without TLS',
    },
  ]);
  equal(
    warn({ engine: "node", limits })[0].message,
    "The limit has no effect with Node's HTTP server: only the engine native keeps it",
  );
  equal(
    warn({ tls: "self-signed", limits })[0].message,
    "The limit has no effect on HTTPS: only the engine native keeps it",
  );
  const connections = { connections: 10 };
  const idle = { idleTimeout: "1s" };
  const head = { headTimeout: "1s" };
  equal(warn({ engine: "deno", limits: connections }).length, 1);
  equal(warn({ tls: "self-signed", limits: connections }).length, 1);
  deepEqual(
    warn({ engine: "node", limits: { ...connections, ...idle, ...head } }),
    [],
  );
  deepEqual(warn({ engine: "deno", limits: idle }), [{
    path: "/server/limits/idleTimeout",
    message:
      "The limit has no effect with Deno's HTTP server: only the engines native and node keep it",
    value: "1s",
    allowed:
      'a limit where server.engine is "native", "node", or "auto" without TLS',
  }]);
  deepEqual(warn({ engine: "deno" }), []);
  deepEqual(warn({ limits }), []);
  deepEqual(warn({ engine: "native", limits }), []);
  for (
    const written of [undefined, {}, { server: 1 }, { server: { limits: 1 } }]
  ) {
    deepEqual(limitWarnings(written), []);
  }
});
