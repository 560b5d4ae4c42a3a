import { deepEqual } from "node:assert/strict";
import type { Settings } from "../../../core/world/settings.ts";
import { ownAddressIssues } from "../../../core/world/own_addresses.ts";

const MACHINE = {
  addresses:
    () => ["127.0.0.1", "192.0.2.7", "::1", "2001:db8::7", "fe80::1%eth0"],
  name: () => "Builder",
};

function refused(
  host: string | readonly string[],
  upstream: string,
  url?: string,
  port = 8080,
): boolean {
  const settings = {
    config: {
      server: { host, port },
      routes: [{ response: { proxy: { url: upstream, timeout: 1 } } }],
    },
    written: [{ response: { proxy: { url: upstream } } }],
    routeIndices: [0],
  } as unknown as Settings;
  const issues = ownAddressIssues(
    settings,
    url === undefined ? undefined : new URL(url),
    MACHINE,
  );
  return issues.length > 0;
}

Deno.test("an upstream is refused if it names an address at which the server listens", () => {
  const cases: [host: string | string[], upstream: string, own: boolean][] = [
    ["127.0.0.1", "http://127.0.0.1:8080", true],
    ["127.0.0.1", "https://127.0.0.1:8080/x", true],
    ["127.0.0.1", "http://127.0.0.1:8081", false],
    ["127.0.0.1", "http://127.0.0.2:8080", false],
    ["127.0.0.1", "http://localhost.:8080", true],
    ["127.0.0.1", "http://a.b.localhost:8080", true],
    ["127.0.0.1", "http://[::ffff:7f00:1]:8080", true],
    ["127.0.0.1", "http://0.0.0.0:8080", true],
    ["127.0.0.1", "http://192.0.2.7:8080", false],
    ["localhost", "http://127.0.0.1:8080", true],
    ["localhost", "http://[::1]:8080", true],
    ["192.0.2.7", "http://192.0.2.7:8080", true],
    ["192.0.2.7", "http://127.0.0.1:8080", false],
    ["192.0.2.7", "http://localhost:8080", false],
    ["0.0.0.0", "http://192.0.2.7:8080", true],
    ["0.0.0.0", "http://127.9.9.9:8080", true],
    ["0.0.0.0", "http://builder:8080", true],
    ["0.0.0.0", "http://192.0.2.8:8080", false],
    ["0.0.0.0", "http://other:8080", false],
    ["::", "http://[2001:db8::7]:8080", true],
    ["::", "http://[2001:DB8:0::7]:8080", true],
    ["::", "http://[::ffff:192.0.2.7]:8080", true],
    [["192.0.2.7", "127.0.0.1"], "http://localhost:8080", true],
  ];
  for (const [host, upstream, own] of cases) {
    deepEqual([host, upstream, refused(host, upstream)], [host, upstream, own]);
  }
});

Deno.test("the port at which the server listens counts, and where it is not known nothing is refused", () => {
  const url = "http://127.0.0.1:31337/";
  deepEqual([
    refused("127.0.0.1", "http://127.0.0.1:31337", url, 0),
    refused("127.0.0.1", "http://127.0.0.1:8080", url, 0),
    refused("127.0.0.1", "http://127.0.0.1:31337", undefined, 0),
    refused("127.0.0.1", "http://127.0.0.1", undefined, 80),
  ], [true, false, false, true]);
});
