/**
 * Bodies that are the files of a folder, such as the build of a frontend. The part of a request's path that the route's star stands for
 * names the file. No path leads out of the folder.
 *
 * @module
 */
import { join } from "node:path";
import type { Coding, FolderSettings } from "../config/mod.ts";
import { targetOf } from "../lib/http.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { namesType } from "./coding.ts";
import { type FileOptions, filesSource } from "./file.ts";
import { find, type Found } from "./read_file.ts";
import { type Content, failure, type Source } from "./source.ts";
import type { TemplateRoute } from "./text.ts";

/** Request headers that decide whether the fallback answers. */
const NAVIGATION = "Accept, Sec-Fetch-Mode";

/** Answers with the files of a folder. */
export function folderSource(
  { path: folder, index, fallback, dotFiles }: FolderSettings,
  route: TemplateRoute & { readonly codings: readonly Coding[] },
): Source {
  const restOf = restFinder(route.path);
  const options: FileOptions = {
    codings: route.codings,
    beside: true,
    vary: "",
    folder,
    plain: false,
  };
  const orFallback = { ...options, vary: NAVIGATION };
  const fileAt = (...names: string[]): Found | undefined => {
    const found = find(join(folder, ...names), folder);
    return found?.file ? found : undefined;
  };
  return filesSource((x) => {
    const rest = restOf(x);
    const names = namesIn(rest, dotFiles);
    // A path that could lead elsewhere is no path of the frontend.
    if (names === undefined) return missing("");
    const open = names.at(-1) === "";
    const path = open ? names.slice(0, -1) : names;
    const found = find(join(folder, ...path), folder);
    if (found?.file && !open) return { file: found, options };
    const own = found?.file === false ? fileAt(...path, index) : undefined;
    if (own !== undefined) {
      return open ? { file: own, options } : redirect(x);
    }
    if (fallback === undefined) return missing("");
    const file = isNavigation(x) ? fileAt(fallback) : undefined;
    return file === undefined
      ? missing(NAVIGATION, fallback)
      : { file, options: orFallback };
  }, () => missing(fallback === undefined ? "" : NAVIGATION, fallback));
}

/**
 * Creates the function that finds the part of a request's path that the star at the end of a route's path stands for, not decoded.
 * It is undefined if the path ends before the slash in front of the star.
 */
function restFinder(
  pattern: string,
): (x: LiveExchange) => string | undefined {
  const slashes = pattern.split("/").length - 1;
  return ({ viewed }) => {
    if (viewed === undefined) return "";
    const [path] = targetOf(viewed.url).split(/[?#]/, 1);
    let at = 0;
    for (let slash = 1; slash < slashes; slash++) {
      at = path.indexOf("/", at + 1);
      if (at < 0) return undefined;
    }
    return path.slice(at + 1);
  };
}

/**
 * Names of folders and of a file in a path; the last is empty if the path ends with a slash. Of a path that is undefined, there are
 * none.
 *
 * @returns undefined if a name could lead elsewhere, or begins with a dot and must not
 */
function namesIn(
  path: string | undefined,
  dotFiles: boolean,
): string[] | undefined {
  if (path === undefined) return [];
  const written = path.split("/");
  const names: string[] = [];
  for (const [index, name] of written.entries()) {
    if (name === "" && index < written.length - 1) return undefined;
    let decoded: string;
    try {
      decoded = decodeURIComponent(name);
    } catch {
      return undefined;
    }
    if (/[/\\\0]/.test(decoded) || decoded === "." || decoded === "..") {
      return undefined;
    }
    if (decoded.startsWith(".") && !dotFiles) return undefined;
    names.push(decoded);
  }
  return names;
}

/**
 * Sends a client that asks for a folder without a slash at the end to the same path with one, so that relative links on its page
 * lead into the folder. Not for ever, since browsers would remember it beyond the mock server's life.
 */
function redirect({ incoming }: LiveExchange): Content {
  const [path, query] = targetOf(incoming?.url ?? "/").split(/(?=\?)/, 2);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const location = `./${name}/${query ?? ""}`;
  return { status: 307, headers: new Headers({ location }), body: null };
}

/** Returns true if a browser asks for a page: the address of a person, not of a script, a style or a call. */
function isNavigation(x: LiveExchange): boolean {
  if (x.method !== "GET" && x.method !== "HEAD") return false;
  const mode = x.header("sec-fetch-mode");
  if (mode !== null && mode !== "navigate") return false;
  // Calls of scripts accept everything, which is no wish for a page.
  return namesType(x.header("accept"), "text/html");
}

function missing(vary: string, fallback?: string): Content {
  const headers = new Headers(vary === "" ? {} : { vary });
  return failure({
    status: 404,
    title: "This folder has no such file",
    ...fallback !== undefined && {
      detail:
        `Navigations get ${fallback}: a GET or HEAD whose Accept names text/html, and whose Sec-Fetch-Mode, if there is one, is navigate`,
    },
  }, headers);
}
