/**
 * The place of the browser, and the user's actions: both are files of this machine.
 *
 * @module
 */
import type { BrowserContext, Page } from "playwright-core";
import { PerfmockError } from "../../../core/plugin.ts";
import { firstLine } from "./waiting.ts";

/** Command that installs the browser that fits Playwright. */
export const INSTALL = "npx playwright-core@1.57.0 install chromium";

/**
 * Names on the PATH of Chromium without a window. It spends far less processor time on a load, so that figures spread less: the
 * other one opens a window for each load, although nobody sees it.
 */
const SHELLS = ["chromium-headless-shell", "chrome-headless-shell"];

/** Names of Chromium on the PATH. */
const NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "chrome",
  "microsoft-edge",
];

/** Paths of Chromium and its relatives that are not on the PATH, by operating system. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  darwin: [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  ],
  linux: [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
    "/opt/google/chrome/chrome",
  ],
  windows: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
  ],
};

/** Parts of the machine that are looked at, so that tests can replace them. */
export interface Machine {
  /** Operating system. */
  readonly os: string;
  /** The environment variable PATH. */
  readonly path: string;
  /** Tells if a path is a file. */
  readonly isFile: (path: string) => boolean;
}

/**
 * Finds Chromium: the given path, else one without a window on the PATH, else Playwright's own, else one on the PATH, else one at a
 * usual place.
 *
 * @param given path that the user named
 * @param own path at which Playwright installs Chromium, which depends on PLAYWRIGHT_BROWSERS_PATH
 * @throws PerfmockError `PROBE_UNAVAILABLE`
 */
export function findBrowser(
  given: string | undefined,
  own: string,
  { os, path, isFile }: Machine = thisMachine(),
): string {
  if (given !== undefined) {
    if (isFile(given)) return given;
    throw new PerfmockError(
      "PROBE_UNAVAILABLE",
      "Cannot start the browser: there is no such file",
      [{
        path: "/page/executable",
        message: "The browser's program is not there",
        value: given,
        allowed: "the path of Chromium, Chrome or Edge",
        suggestion:
          `leave it out, so that one is looked for, or install one: ${INSTALL}`,
      }],
    );
  }
  const windows = os === "windows";
  const folders = path.split(windows ? ";" : ":")
    .filter((folder) => folder !== "");
  const onPath = (names: readonly string[]) =>
    folders.flatMap((folder) =>
      names.map((name) =>
        windows ? `${folder}\\${name}.exe` : `${folder}/${name}`
      )
    );
  const found = [
    ...onPath(SHELLS),
    own,
    ...onPath(NAMES),
    ...PLACES[os] ?? [],
  ].find((place) => place !== "" && isFile(place));
  if (found !== undefined) return found;
  throw new PerfmockError(
    "PROBE_UNAVAILABLE",
    `Cannot find a browser: neither Playwright's own, nor Chromium, Chrome or Edge on the PATH. Install one: ${INSTALL}`,
    [{
      path: "/page/executable",
      message: "No browser was found",
      allowed: "the path of Chromium, Chrome or Edge",
      suggestion: `install one: ${INSTALL}`,
    }],
  );
}

function thisMachine(): Machine {
  return {
    os: Deno.build.os,
    path: Deno.env.get("PATH") ?? "",
    isFile(path) {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        // Not there, or not to be seen.
        return false;
      }
    },
  };
}

/** Module of a user that acts on a page. */
export interface Actions {
  /** Acts on the page after it has loaded, as a user would. */
  readonly act: (page: Page) => unknown;
  /** Prepares each load before its navigation: cookies, storage, headers. Undefined for nothing. */
  readonly prepare: ((context: BrowserContext) => unknown) | undefined;
}

/**
 * Loads a module of actions.
 *
 * @param url URL of the module
 * @throws PerfmockError `PROBE_UNAVAILABLE`
 */
export async function readActions(url: URL): Promise<Actions> {
  const wrong = (message: string, cause?: unknown) =>
    new PerfmockError(
      "PROBE_UNAVAILABLE",
      `Cannot use the actions of the page: ${message}`,
      [{
        path: "/page/actions",
        message: "The module of actions cannot be used",
        value: url.href,
        allowed:
          "a module like: export default async (page) => { await page.click(…) }",
      }],
      { cause },
    );
  let module: Record<string, unknown>;
  try {
    module = await import(url.href);
  } catch (error) {
    throw wrong(firstLine(error), error);
  }
  const { default: act, prepare } = module;
  if (typeof act !== "function") throw wrong("it has no default function");
  if (prepare !== undefined && typeof prepare !== "function") {
    throw wrong("its export `prepare` is no function");
  }
  return {
    act: act as Actions["act"],
    prepare: prepare as Actions["prepare"],
  };
}
