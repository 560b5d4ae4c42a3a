import { equal, match, throws } from "node:assert/strict";
import { reachableUrl, replicaName } from "../../../core/cluster/identity.ts";

Deno.test("A replica is named by its user, or by its machine and port", () => {
  const machine = () => "box";
  equal(replicaName({ name: "perfmock-0" }, 8080, machine), "perfmock-0");
  equal(replicaName({}, 8080, machine), "box:8080");
  equal(replicaName({ name: "" }, 8080, machine), "box:8080");
  // Two servers on free ports have two names.
  match(replicaName({}, 0, machine), /^box:[0-9a-f]{8}$/);
  equal(
    replicaName({}, 1, () => {
      throw new Error("no permission");
    }),
    "localhost:1",
  );
});

Deno.test("A replica is reached at the address that it was given, or that it listens on", () => {
  const own = new URL("http://127.0.0.1:8080/");
  const addresses = () => ["10.0.0.7", "10.0.0.8"];
  const url = (advertise: string | undefined, ...hosts: string[]) =>
    reachableUrl({ advertise }, own, hosts, addresses);
  equal(url(undefined, "127.0.0.1"), "http://127.0.0.1:8080/");
  equal(url("", "127.0.0.1"), "http://127.0.0.1:8080/");
  equal(url(undefined, "0.0.0.0"), "http://10.0.0.7:8080/");
  equal(url(undefined, "127.0.0.1", "::"), "http://10.0.0.7:8080/");
  equal(url("10.1.1.1", "0.0.0.0"), "http://10.1.1.1:8080/");
  equal(url("mock.example", "0.0.0.0"), "http://mock.example:8080/");
  equal(url("fd00::7", "::"), "http://[fd00::7]:8080/");
  equal(url("https://mock.example/x", "::"), "https://mock.example/x/");
  equal(
    reachableUrl({}, own, ["0.0.0.0"], () => {
      return [];
    }),
    own.href,
  );
});

Deno.test("An address that is neither a URL nor a host is an error", () => {
  for (const advertise of ["ftp://x/", "http://", "a b"]) {
    throws(
      () => reachableUrl({ advertise }, new URL("http://a:1/"), []),
      { code: "ARGUMENT_INVALID" },
    );
  }
});
