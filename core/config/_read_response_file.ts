/**
 * Check of the file that a response names.
 *
 * @module
 */
import { dirname, sep } from "node:path";
import type { Issue } from "../errors.ts";
import { toPointer } from "../lib/pointer.ts";
import { openRegular } from "../lib/read_file.ts";
import { isFixed, parseTemplate } from "../lib/template.ts";
import type { Kit } from "../contract/values.ts";

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
    const reason = error instanceof Deno.errors.NotFound
      ? "it does not exist"
      : (error as Error).message;
    return issue(
      `Cannot read ${wanted}: ${reason}`,
      "the path of a file that can be read, relative to the file that names it",
    );
  }
  const root = Deno.realPathSync(folder);
  const inside = real === root ||
    real.startsWith(root.endsWith(sep) ? root : root + sep);
  return inside || outside === true ? [] : issue(
    `Cannot answer with a file outside the configuration's folder ${root}`,
    'a file within it, or "outside": true beside "file"',
  );
}

/** Resolves a path against the configuration's folder; undefined where it cannot be one. */
function absolute(kit: Kit, path: string): string | undefined {
  const result = kit.file()["~standard"].validate(path);
  return "value" in result ? result.value as string : undefined;
}
