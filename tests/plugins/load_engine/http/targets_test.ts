import { deepEqual, equal, rejects } from "node:assert/strict";
import {
  ownDestination,
  resolveTarget,
} from "../../../../plugins/load_engine/http/mod.ts";
import type { PerfmockError } from "../../../../core/errors.ts";

/** Makes a resolver that knows one name, or none. */
function knows(...addresses: string[]) {
  return () => Promise.resolve(addresses);
}

async function issueOf(
  target: string,
  rules: Parameters<typeof resolveTarget>[1],
) {
  let issue;
  await rejects(resolveTarget(new URL(target), rules), (error) => {
    const { name, code, issues } = error as PerfmockError;
    equal(name, "PerfmockError");
    equal(code, "SCRIPT_INVALID");
    [issue] = issues;
    return true;
  });
  return issue as unknown as PerfmockError["issues"][number];
}

Deno.test("resolveTarget() accepts this machine by any of its addresses", async () => {
  for (const host of ["127.0.0.1", "127.8.8.8", "[::1]", "[::ffff:7f00:1]"]) {
    const url = new URL(`http://${host}:8080`);
    const destination = await resolveTarget(url, { targets: [] });
    equal(destination.port, 8080);
    equal(destination.addresses.length, 1);
  }
});

Deno.test("resolveTarget() returns all parts of a destination", async () => {
  const url = new URL("https://localhost/v1/");
  const lookUp = knows("::1", "127.0.0.1");
  deepEqual(await resolveTarget(url, { targets: [], lookUp }), {
    origin: "https://localhost",
    secure: true,
    addresses: ["::1", "127.0.0.1"],
    port: 443,
    host: "localhost",
    prefix: "/v1",
    certificates: [],
  });
});

Deno.test("resolveTarget() rejects a target that is neither this machine nor listed, and shows how to list it", async () => {
  const lookUp = knows("192.0.2.7");
  const issue = await issueOf("http://shop.test:8080/x", {
    targets: ["http://shop.test", "https://shop.test:8080", "nonsense"],
    lookUp,
  });
  deepEqual(issue, {
    path: "/target",
    message:
      "Cannot send load to http://shop.test:8080 at 192.0.2.7: that is not this machine, and not listed in the option targets of the plugin load_engine",
    value: "http://shop.test:8080/x",
    allowed:
      "a loopback address, or an origin that plugins.load_engine.targets lists",
    suggestion:
      'plugins: { load_engine: { targets: ["http://shop.test:8080"] } }',
  });
  await issueOf("http://192.0.2.7", { targets: [] });
  await issueOf("http://[2001:db8::1]", { targets: [] });
});

Deno.test("resolveTarget() accepts a listed target at its present addresses", async () => {
  const targets = ["http://shop.test:8080/", "http://192.0.2.7"];
  const lookUp = knows("192.0.2.7", "2001:db8::1");
  const shop = new URL("http://shop.test:8080");
  const found = await resolveTarget(shop, { targets, lookUp });
  deepEqual(found.addresses, ["192.0.2.7", "2001:db8::1"]);
  const literal = await resolveTarget(new URL("http://192.0.2.7"), { targets });
  deepEqual(literal.addresses, ["192.0.2.7"]);
});

Deno.test("resolveTarget() checks the address, not only the name", async () => {
  await issueOf("http://localhost", { targets: [], lookUp: knows("10.0.0.1") });
  const mixed = knows("127.0.0.1", "10.0.0.1");
  await issueOf("http://a.localhost", { targets: [], lookUp: mixed });
  // The name resolves to this machine now, but may not when it is looked up again.
  await issueOf("https://rebind.test", { targets: [], lookUp: knows("::1") });
});

Deno.test("resolveTarget() reports a name without an address", async () => {
  const targets = ["http://gone.test"];
  const nowhere = await issueOf("http://gone.test", {
    targets,
    lookUp: knows(),
  });
  equal(
    nowhere.message,
    'Cannot find the address of "gone.test": it has no address',
  );
  const failed = await issueOf("http://gone.test", {
    targets,
    lookUp: () => Promise.reject(new Error("the resolver is gone")),
  });
  equal(
    failed.message,
    'Cannot find the address of "gone.test": the resolver is gone',
  );
});

Deno.test("ownDestination() reaches a server that listens on all addresses by loopback", async () => {
  const hosts = async (url: string) =>
    (await ownDestination(new URL(url))).addresses;
  deepEqual(await hosts("http://0.0.0.0:80"), ["127.0.0.1"]);
  deepEqual(await hosts("http://[::]:80"), ["::1"]);
  deepEqual(await hosts("http://192.0.2.1:80"), ["192.0.2.1"]);
  equal((await hosts("http://localhost:80")).length > 0, true);
});
