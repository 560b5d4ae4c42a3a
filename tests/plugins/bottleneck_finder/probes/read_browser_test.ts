import { equal, rejects, throws } from "node:assert/strict";
import {
  findBrowser,
  type Machine,
  readActions,
} from "../../../../plugins/bottleneck_finder/probes/read_browser.ts";
import { folderWith } from "../../../support/plugins.ts";

function machine(os: string, path: string, ...files: string[]): Machine {
  return { os, path, isFile: (file) => files.includes(file) };
}

Deno.test("findBrowser() takes the given path, one without a window, Playwright's own, the PATH, and usual places, in this order", () => {
  const own = "/home/u/.cache/ms-playwright/chrome";
  const files = [
    "/mine",
    "/opt/b/chrome-headless-shell",
    own,
    "/opt/b/google-chrome",
    "/usr/bin/chromium",
  ];
  for (const [index, file] of files.entries()) {
    const left = files.slice(index);
    const given = index === 0 ? "/mine" : undefined;
    equal(
      findBrowser(given, own, machine("linux", "/opt/a::/opt/b", ...left)),
      file,
    );
  }
  const windows = machine("windows", "C:\\a;C:\\b", "C:\\b\\chrome.exe");
  equal(findBrowser(undefined, "", windows), "C:\\b\\chrome.exe");
});

Deno.test("findBrowser() names the command that installs a browser", () => {
  const none = machine("linux", "/usr/bin");
  throws(() => findBrowser(undefined, "/own", none), {
    code: "PROBE_UNAVAILABLE",
    message: /Install one: npx playwright-core@1\.57\.0 install chromium$/,
  });
  throws(() => findBrowser("/typo", "/own", none), {
    code: "PROBE_UNAVAILABLE",
    message: "Cannot start the browser: there is no such file",
  });
  // On this machine.
  throws(() => findBrowser("/nonexistent/chromium", ""), {
    code: "PROBE_UNAVAILABLE",
  });
  throws(() => findBrowser(undefined, "", machine("plan9", "")), {
    code: "PROBE_UNAVAILABLE",
  });
});

Deno.test("the command that installs a browser is of the version that is used", async () => {
  const { INSTALL } = await import(
    "../../../../plugins/bottleneck_finder/probes/read_browser.ts"
  );
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("../../../../deno.json", import.meta.url)),
  );
  equal(
    INSTALL,
    `npx ${imports["playwright-core"].replace("npm:", "")} install chromium`,
  );
});

Deno.test("readActions() takes a default function and an optional prepare, and says what is wrong", async () => {
  await using folder = await folderWith({
    "good.ts": "export default () => 1; export const prepare = () => 2;",
    "short.ts": "export default () => 1;",
    "none.ts": "export const act = () => 1;",
    "odd.ts": "export default () => 1; export const prepare = 2;",
    "broken.ts": "throw new Error('no such module of mine');",
  });
  const read = (name: string) => readActions(new URL(name, folder.url));
  const good = await read("good.ts");
  // The functions are called with a page and a context; these ones do not look at them.
  equal(good.act(undefined as never), 1);
  equal(good.prepare?.(undefined as never), 2);
  equal((await read("short.ts")).prepare, undefined);
  const wrong = { code: "PROBE_UNAVAILABLE" };
  await rejects(read("none.ts"), { ...wrong, message: /no default function$/ });
  await rejects(read("odd.ts"), {
    ...wrong,
    message: /`prepare` is no function$/,
  });
  await rejects(read("broken.ts"), {
    ...wrong,
    message: /no such module of mine$/,
  });
  await rejects(read("missing.ts"), { ...wrong, message: /missing\.ts/ });
});
