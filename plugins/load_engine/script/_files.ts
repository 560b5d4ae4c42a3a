/**
 * A script's relative paths start from the script's folder, not from that of the configuration it runs under.
 *
 * @module
 */
import { resolve } from "node:path";

/** Keys below which a user's own data begins. */
const DATA: ReadonlySet<string> = new Set(["json", "text", "headers", "query"]);

/**
 * A copy of a script whose `file` keys are absolute paths.
 *
 * @param folder absolute, as a path
 */
export function withAbsoluteFiles(value: unknown, folder: string): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => withAbsoluteFiles(item, folder));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      DATA.has(key)
        ? item
        : key === "file" && typeof item === "string" && item !== "" &&
            !item.includes("\0")
        ? resolve(folder, item)
        : withAbsoluteFiles(item, folder),
    ]),
  );
}
