/**
 * Reasons why a plugin's module cannot be imported, in words: with paths in place of URLs, and without a text of the file, which may
 * be none that a caller may see.
 *
 * @module
 */
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOfThrown } from "../lib/thrown.ts";

/** Module loader's complaints about the text of a file, which they quote. */
const ABOUT_TEXT = /SyntaxError|Unexpected|Expected|could not be parsed/;

/** A place in a module. */
const PLACE = /((?:file|data|blob|https?):[^\s"'()]*?):(\d+):(\d+)/;

/**
 * Describes why a module cannot be imported.
 *
 * @param error as it was thrown
 * @param key plugin's key in the configuration
 * @param options `own`: what was imported; `folder`: URL of the folder from which paths are shown
 */
export function importReason(
  error: unknown,
  key: string,
  { own, folder }: { readonly own: string; readonly folder: URL },
): string {
  const message = messageOfThrown(error);
  if (ABOUT_TEXT.test(message)) {
    const [, url, line, column] = PLACE.exec(wholeMessage(error)) ?? [];
    return url === undefined
      ? "it is not JavaScript or TypeScript"
      : `it has a syntax error at ${shown(url, folder)}:${line}:${column}`;
  }
  const [, absent] = /^Module not found "([^"]+)"/.exec(message) ?? [];
  if (absent !== undefined) {
    return absent === own
      ? "there is no such file"
      : `it imports ${shown(absent, folder)}, which does not exist`;
  }
  const [, lacking] =
    /^Could not find package '([^']+)' from referrer/.exec(message) ?? [];
  if (lacking !== undefined) {
    return lacking === key || key.startsWith(`${lacking}/`)
      ? "there is no built-in plugin and no installed package of this name, and a path begins with ./"
      : `it imports the package "${lacking}", which is not installed`;
  }
  const [, bare] =
    /^(?:Relative import path|Import) "([^"]+)" not (?:prefixed|a dependency)/
      .exec(message) ?? [];
  if (bare !== undefined) {
    return bare === key
      ? "there is no built-in plugin of this name, and a path begins with ./"
      : `it imports "${bare}", which no import map names`;
  }
  return message.replaceAll(
    /file:\/\/[^\s"'()]+/g,
    (url) => shown(url, folder),
  );
}

/** All lines of a message: the place of a syntax error is in the last one. */
function wholeMessage(error: unknown): string {
  try {
    return error instanceof Error ? String(error.message) : String(error);
  } catch {
    return "";
  }
}

/** A file's path as a configuration would name it; other URLs as they are. */
function shown(url: string, folder: URL): string {
  if (!url.startsWith("file:")) {
    return url.startsWith("data:") ? "data:…" : url;
  }
  let path: string;
  try {
    path = fileURLToPath(url);
  } catch {
    return url;
  }
  const near = relative(fileURLToPath(folder), path);
  return near.startsWith("..") || isAbsolute(near) ? path : `./${near}`;
}
