import { deepEqual, equal } from "node:assert/strict";
import dns from "node:dns";
import { resolveLocalhost } from "../../npm/localhost.ts";

Deno.test("resolveLocalhost() looks names below localhost up as localhost, others as they are, and wraps once", () => {
  const original = dns.lookup;
  const asked: unknown[] = [];
  const fake = (name: string, options: unknown, done: () => void) => {
    asked.push([name, options]);
    done();
  };
  try {
    Object.assign(dns, { lookup: fake });
    resolveLocalhost();
    const wrapped = dns.lookup;
    resolveLocalhost();
    equal(dns.lookup, wrapped);
    let called = 0;
    for (
      const name of ["w1.localhost", "W1.LOCALHOST.", "localhost", "a.example"]
    ) dns.lookup(name, { family: 4 }, () => called++);
    equal(called, 4);
    deepEqual(asked.map((one) => (one as unknown[])[0]), [
      "localhost",
      "localhost",
      "localhost",
      "a.example",
    ]);
  } finally {
    Object.assign(dns, { lookup: original });
  }
});
