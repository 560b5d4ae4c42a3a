import { equal, match } from "node:assert/strict";
import { EntrySignatures } from "../../../core/cluster/signature.ts";
import type { ReplicaEntry } from "../../../core/cluster/store.ts";

const ENTRY: ReplicaEntry = {
  name: "a",
  process: "p1",
  url: "http://10.0.0.1:8080/",
  segment: "0/2",
  version: "1.0.0",
  base: "b0",
  behind: "",
  signature: "",
};

const signatures = (token: string | null = "secret", place = "one") =>
  new EntrySignatures(() => token, place);

Deno.test("EntrySignatures: an entry holds where it is signed with the same token for the same register", () => {
  const signature = signatures().sign(ENTRY);
  match(signature, /^[0-9a-f]{64}$/);
  const signed = { ...ENTRY, signature };
  equal(signatures().holds(signed), true);
  // These change while a replica runs, and need no new signature.
  equal(signatures().holds({ ...signed, base: "b1", behind: "It is" }), true);
  equal(signatures("other").holds(signed), false);
  equal(signatures("secret", "two").holds(signed), false);
});

Deno.test("EntrySignatures: a changed, missing or malformed signature does not hold", () => {
  const signed = { ...ENTRY, signature: signatures().sign(ENTRY) };
  for (const key of ["name", "process", "url", "segment", "version"]) {
    equal(signatures().holds({ ...signed, [key]: "x" }), false, key);
  }
  for (const signature of ["", "0", "ä".repeat(64), undefined, 7, null]) {
    const entry = { ...ENTRY, signature } as unknown as ReplicaEntry;
    equal(signatures().holds(entry), false);
  }
});

Deno.test("EntrySignatures: without a token there is no signature, and none is asked for", () => {
  equal(signatures(null).sign(ENTRY), "");
  equal(signatures(null).holds(ENTRY), true);
  equal(signatures(null).holds({ ...ENTRY, signature: "x" }), false);
});
