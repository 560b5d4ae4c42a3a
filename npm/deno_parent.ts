/**
 * The end of the process that has started this one.
 *
 * A thread of its own asks the system for it, since nothing in the main thread can be relied on: Deno says nothing of a channel that was
 * reset, as one is whose other end had messages that nobody had read; and the main thread may be busy, or may wait for something
 * that does not come.
 *
 * @module
 */
import process from "node:process";

/**
 * Calls a function when the process that has started this one ends, or closes the channel between the two. This process is killed if it
 * still runs a little later.
 *
 * @param ended called once; should end this process in order
 */
export function whenParentEnds(ended: () => void): void {
  // The end of the channel is told by the thread; here it may be an error, or nothing at all.
  process.on("error", () => {});
  if (Deno.build.os === "windows") {
    process.on("disconnect", ended);
    return;
  }
  const guard = new Worker(new URL("./deno_parent_guard.ts", import.meta.url), {
    type: "module",
  });
  guard.onmessage = () => ended();
}
