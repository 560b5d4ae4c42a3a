/**
 * The end of the process that has started this one.
 *
 * @module
 */
import process from "node:process";

/**
 * Calls a function when the process that has started this one ends, however that happens: the system closes the channel between the two.
 *
 * @param ended called once
 */
export function whenParentEnds(ended: () => void): void {
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    ended();
  };
  process.on("disconnect", tell);
  // A channel that breaks with a message in it ends by an error.
  process.on("error", tell);
}
