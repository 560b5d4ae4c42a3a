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

/** Time in which the thread says that the other process has ended, after an error of the channel, in ms. */
const TELLS = 500;

/**
 * Calls a function when the process that has started this one ends, or closes the channel between the two. This process is killed if it
 * still runs a little later.
 *
 * @param ended called once; should end this process in order
 * @param failed called with the error of a channel whose other end is still there: from then on, nothing is received. It should say so,
 * and end this process, so that the other one does not wait for answers. Default nothing, for a process that receives nothing
 */
export function whenParentEnds(
  ended: () => void,
  failed: (error: unknown) => void = () => {},
): void {
  let isOver = false;
  const end = () => {
    isOver = true;
    ended();
  };
  // An end of the other process may be an error here, or nothing at all: it is the thread that tells it.
  process.on("error", (error: unknown) => {
    setTimeout(() => {
      if (!isOver) failed(error);
    }, TELLS);
  });
  if (Deno.build.os === "windows") {
    process.on("disconnect", end);
    return;
  }
  const guard = new Worker(new URL("./deno_parent_guard.ts", import.meta.url), {
    type: "module",
  });
  guard.onmessage = end;
}
