import { deepEqual, equal } from "node:assert/strict";
import {
  BrowserKeeper,
  PLAYWRIGHT_DISABLES,
} from "../../../../plugins/bottleneck_finder/probes/chromium.ts";
import { FakeBrowser } from "./_fake_browser.ts";

Deno.test("the features that Playwright turns off stay off", async () => {
  const text = await Deno.readTextFile(
    new URL(
      "./lib/server/chromium/chromiumSwitches.js",
      import.meta.resolve("playwright-core"),
    ),
  );
  const [, list] = /disabledFeatures = \(assistantMode\) => \[(.*?)\]\.filter/s
    .exec(text) ?? ["", ""];
  const names = [...list.matchAll(/^ +"(\w+)",?$/gm)].map(([, name]) => name);
  deepEqual([...PLAYWRIGHT_DISABLES], names);
});

Deno.test("a browser that is started while the keeper is disposed is ended", async () => {
  const fake = new FakeBrowser({});
  const launching = Promise.withResolvers<typeof fake.browser>();
  const keeper = new BrowserKeeper(undefined, () => launching.promise);
  const getting = keeper.get().then(() => "", ({ code }) => code);
  await keeper[Symbol.asyncDispose]();
  launching.resolve(fake.browser);
  equal(await getting, "PROBE_UNAVAILABLE");
  equal(fake.isConnected(), false);
});
