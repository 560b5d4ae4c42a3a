import { deepEqual, equal, rejects } from "node:assert/strict";
import type { BrowserType, LaunchOptions } from "playwright-core";
import {
  BrowserKeeper,
  FLAGS,
  launcher,
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

/** Playwright's Chromium that starts where `starts` says so; it notes the programs. */
function driver(starts: (program: string | undefined) => boolean) {
  const tried: (string | undefined)[] = [];
  const chromium: Pick<BrowserType, "executablePath" | "launch"> = {
    executablePath: () => "/own",
    launch({ args, executablePath, handleSIGINT }: LaunchOptions = {}) {
      deepEqual([args, handleSIGINT], [FLAGS, false]);
      tried.push(executablePath);
      return starts(executablePath)
        ? Promise.resolve(new FakeBrowser({}).browser)
        : Promise.reject(new Error("no libraries\nCall log"));
    },
  };
  const launch = launcher({
    // A fake has the parts that are used.
    load: () => Promise.resolve({ chromium: chromium as BrowserType }),
    find: (given, own) => given ?? `/found instead of ${own}`,
  });
  return { launch, tried };
}

Deno.test("launcher() takes the given program, else Playwright's own, else one that is found", async () => {
  const given = driver(() => true);
  await given.launch("/mine");
  deepEqual(given.tried, ["/mine"]);
  const own = driver(() => true);
  await own.launch(undefined);
  deepEqual(own.tried, [undefined]);
  const found = driver((program) => program !== undefined);
  await found.launch(undefined);
  deepEqual(found.tried, [undefined, "/found instead of /own"]);
});

Deno.test("launcher() says which program does not start, and that the package is missing", async () => {
  await rejects(driver(() => false).launch("/mine"), {
    code: "PROBE_UNAVAILABLE",
    message: "Cannot start the browser /mine: no libraries",
  });
  const missing = launcher({
    load: () => Promise.reject(new Error("not found")),
    find: () => "",
  });
  await rejects(missing(undefined), {
    code: "PROBE_UNAVAILABLE",
    message:
      "Cannot load the package playwright-core, which drives the browser: not found. Install it: npm install playwright-core",
  });
});
