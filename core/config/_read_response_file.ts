/**
 * Checks of the file or the folder that a response names.
 *
 * @module
 */
import { dirname, join, sep } from "node:path";
import type { Issue } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { openRegular } from "../lib/read_file.ts";
import { isFixed, parseTemplate } from "../lib/template.ts";
import type { Kit } from "../contract/values.ts";
import { WITHIN } from "./body_settings.ts";

/**
 * Checks that the file exists and lies within the configuration's folder, with symbolic links resolved. Of a path with
 * places for a request's values, the folder before the first place is checked.
 *
 * @param response the response as written
 * @param at path of its key `file`
 */
export function fileIssues(
  { file, outside }: Record<string, unknown>,
  at: readonly string[],
  kit: Kit,
): Issue[] {
  if (typeof file !== "string") return [];
  const path = absolute(kit, file);
  const folder = absolute(kit, ".");
  if (path === undefined || folder === undefined) return [];
  const template = parseTemplate(path);
  const fixed = isFixed(template);
  const [first] = template;
  const wanted = fixed || typeof first !== "string"
    ? template.join("")
    : dirname(`${first}_`);
  const issue = (message: string, allowed: string): Issue[] => [{
    path: toPointer(at),
    message,
    value: file,
    allowed,
  }];
  let real: string;
  try {
    real = Deno.realPathSync(wanted);
    const { isFile, isDirectory } = Deno.statSync(real);
    if (fixed ? !isFile : !isDirectory) {
      return issue(
        fixed ? `Not a file: ${wanted}` : `Not a folder: ${wanted}`,
        "the path of a file that can be read",
      );
    }
    if (fixed) openRegular(real).close();
  } catch (error) {
    return issue(
      `Cannot read ${wanted}: ${reasonOf(error)}`,
      "the path of a file that can be read, relative to the file that names it",
    );
  }
  return isInside(real, folder) || outside === true ? [] : issue(
    `Cannot answer with a file outside the configuration's folder ${
      Deno.realPathSync(folder)
    }`,
    'a file within it, or "outside": true beside "file"',
  );
}

/**
 * Checks that the folder exists and lies within the configuration's folder, that its fallback exists, and that neither this nor its
 * index leaves it, with symbolic links resolved.
 *
 * @param response the response as written
 * @param at path of the response
 */
export function folderIssues(
  response: Record<string, unknown>,
  at: readonly string[],
  kit: Kit,
): Issue[] {
  const { folder, outside } = response;
  if (typeof folder !== "string") return [];
  const path = absolute(kit, folder);
  const root = absolute(kit, ".");
  if (path === undefined || root === undefined) return [];
  const issue = (key: string, message: string, allowed: string): Issue[] => [{
    path: toPointer([...at, key]),
    message,
    value: response[key],
    allowed,
  }];
  const allowed =
    "the path of a folder that can be read, relative to the file that names it";
  let real: string;
  try {
    real = Deno.realPathSync(path);
    if (!Deno.statSync(real).isDirectory) {
      return issue("folder", `Not a folder: ${path}`, allowed);
    }
    // Reading needs a permission of its own.
    Deno.readDirSync(real)[Symbol.iterator]().next();
  } catch (error) {
    return issue("folder", `Cannot read ${path}: ${reasonOf(error)}`, allowed);
  }
  if (!isInside(real, root) && outside !== true) {
    return issue(
      "folder",
      `Cannot answer with files outside the configuration's folder ${
        Deno.realPathSync(root)
      }`,
      'a folder within it, or "outside": true beside "folder"',
    );
  }
  return ["index", "fallback"].flatMap((key) => {
    const name = response[key];
    // The schema reports a name that is no path within the folder.
    if (typeof name !== "string" || !WITHIN.safeParse(name).success) return [];
    const file = join(real, name);
    try {
      const found = Deno.realPathSync(file);
      if (!isInside(found, real)) {
        return issue(
          key,
          `It leads out of the folder: ${file}`,
          "a file within it",
        );
      }
      return Deno.statSync(found).isFile
        ? []
        : issue(key, `Not a file: ${file}`, "a file of the folder");
    } catch (error) {
      // Each folder within may have an index or none.
      if (key === "index" && error instanceof Deno.errors.NotFound) return [];
      return issue(
        key,
        `Cannot read ${file}: ${reasonOf(error)}`,
        "a file of the folder that can be read",
      );
    }
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Deno.errors.NotFound
    ? "it does not exist"
    : (error as Error).message;
}

/** True if a real path is a folder, or lies in it. */
function isInside(real: string, folder: string): boolean {
  const root = Deno.realPathSync(folder);
  return real === root ||
    real.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** Resolves a path against the configuration's folder; undefined where it cannot be one. */
function absolute(kit: Kit, path: string): string | undefined {
  const result = kit.file()["~standard"].validate(path);
  return "value" in result ? result.value as string : undefined;
}
