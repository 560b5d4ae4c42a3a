/**
 * The place in a user's code from which a function of perfmock was called.
 *
 * @module
 */

/** Folders of perfmock: stack frames in them are of no use to its users. */
const OWN: readonly string[] = ["core/", "plugins/"].map((folder) =>
  new URL(`../../${folder}`, import.meta.url).href
);

/**
 * Returns the lines of the present stack that belong to the caller's code; empty where the runtime has none.
 *
 * @param called function that was called, which is left out with all that it called
 */
export function framesOfCaller(
  called: (...args: never[]) => unknown,
): string {
  const holder: { readonly stack?: string } = {};
  Error.captureStackTrace?.(holder, called);
  return (holder.stack ?? "").split("\n")
    .filter((line) =>
      line.startsWith("    at ") && !OWN.some((folder) => line.includes(folder))
    ).join("\n");
}
