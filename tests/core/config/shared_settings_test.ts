import { deepEqual, equal, ok } from "node:assert/strict";
import { createKit, validate } from "../../../core/config/mod.ts";
import { sharedType } from "../../../core/config/shared_settings.ts";

const type = sharedType(createKit({
  folder: "/",
  distribution: () => ({ issues: [] }),
}));

Deno.test("shared has defaults for all but the address", () => {
  deepEqual(validate(type, { redis: "redis://localhost" }), {
    value: {
      redis: "redis://localhost",
      prefix: "perfmock",
      onLost: "divide",
      leaseTime: 10_000,
    },
  });
});

Deno.test("shared accepts addresses of Redis with TLS, password and database, and no others", () => {
  const address = (redis: unknown) => validate(type, { redis }).issues ?? [];
  for (
    const redis of [
      "redis://127.0.0.1:6379",
      "rediss://user:secret@redis.example:6380/3",
      "redis://[::1]",
    ]
  ) deepEqual(address(redis), [], redis);
  for (
    const [redis, suggestion] of [
      ["localhost:6379", "redis://localhost:6379"],
      ["http://localhost", undefined],
      ["redis://", undefined],
      ["redis://localhost/name", undefined],
      ["redis://localhost?db=3", undefined],
      ["redis://localhost/0#x", undefined],
      ["", undefined],
    ]
  ) {
    const [issue, ...more] = address(redis);
    deepEqual([issue.path, issue.suggestion, more], ["/redis", suggestion, []]);
    ok(issue.allowed?.includes("redis://127.0.0.1:6379"));
  }
});

Deno.test("a parameter in the address, which Redis has none of, is named", () => {
  const message = (redis: string) =>
    validate(type, { redis }).issues?.map(({ message }) => message);
  deepEqual(message("redis://localhost/0?keyPrefix=a"), [
    'Cannot read the URL of Redis: it has no parameters, and "keyPrefix" is none',
  ]);
  deepEqual(message("redis://localhost#tls"), [
    'Cannot read the URL of Redis: it has no parameters, and "tls" is none',
  ]);
});

Deno.test("an address that is refused does not show its password in the message", () => {
  const [issue] = validate(type, { redis: "user:secret@host" }).issues ?? [];
  equal(issue.message.includes("secret"), false);
});

Deno.test("shared refuses braces in the prefix, unknown behaviours and lease times that are too short", () => {
  const { issues = [] } = validate(type, {
    redis: "redis://localhost",
    prefix: "a{b}",
    onLost: "ignore",
    leaseTime: "100ms",
    url: "",
  });
  deepEqual(issues.map(({ path }) => path).sort(), [
    "/leaseTime",
    "/onLost",
    "/prefix",
    "/url",
  ]);
});
