/**
 * The part of a frontend that this example is about: it loads one resource, shows a spinner where that takes long, and gives
 * up where it takes too long.
 *
 * @module
 */

/** After this many milliseconds users notice that they wait: the spinner appears. */
export const SPINNER_AFTER = 100;

/** After this many milliseconds the frontend gives up and says so. */
export const GIVE_UP_AFTER = 1000;

/** What a user saw. */
export type Experience = "instant" | "spinner" | "gave up";

/** Loads the resource as the frontend does. */
export async function load(url: URL): Promise<Experience> {
  const started = performance.now();
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(GIVE_UP_AFTER),
    });
    await response.json();
    return performance.now() - started < SPINNER_AFTER ? "instant" : "spinner";
  } catch {
    return "gave up";
  }
}
