import { deepEqual } from "node:assert/strict";
import { nameInHost } from "../../../core/server/sessions.ts";

Deno.test("nameInHost() returns a single label before .localhost only", () => {
  const names = {
    "http://w1.localhost:8080/r": "w1",
    "http://w1.localhost/": "w1",
    "https://a-b.localhost?x": "a-b",
    "https://w1.perfmock.localhost:8443/r": "w1",
    "http://perfmock.localhost/": "perfmock",
    "http://a.perfmock.perfmock.localhost/": undefined,
    "http://W1.LOCALHOST:8080/r": "w1",
    "http://w1.LocalHost./": "w1",
    "http://x.localhosT": "x",
    "http://LOCALHOST:8080/r": undefined,
    "http://.localhost/": undefined,
    "http://w1localhost/": undefined,
    "http://[::1]:8080/": undefined,
    "http://localhost:8080/r": undefined,
    "http://w1.localhost.example/": undefined,
    "http://w1.localhosts/": undefined,
    "http://a.b.localhost/": undefined,
    "http://-a.localhost/": undefined,
    "http://127.0.0.1/x.localhost/": undefined,
  };
  deepEqual(
    Object.keys(names).map((url) => nameInHost(url)),
    Object.values(names),
  );
});
