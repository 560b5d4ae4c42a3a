import { deepEqual } from "node:assert/strict";
import { namedPeers } from "./peers.ts";

Deno.test("namedPeers() returns the URLs of peers by name, and leaves out empty and other variables", () => {
  deepEqual([
    ...namedPeers({
      HOME: "/root",
      PERFMOCK_PEER_WIREMOCK: "http://127.0.0.1:9001/wait",
      PERFMOCK_PEER_HTTPBIN: "",
      PERFMOCK_PEER_MOCK_SERVER: "http://127.0.0.1:9002/wait",
    }),
  ], [
    ["wiremock", "http://127.0.0.1:9001/wait"],
    ["mock_server", "http://127.0.0.1:9002/wait"],
  ]);
});
