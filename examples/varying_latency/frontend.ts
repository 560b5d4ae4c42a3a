/**
 * A frontend that loads one resource, shows a spinner after a while, and gives up after a longer while.
 *
 * @module
 */

/** Time until the spinner appears, in milliseconds: users notice a longer wait. */
export const SPINNER_AFTER = 100;

/** Time until the frontend gives up, in milliseconds. */
export const GIVE_UP_AFTER = 1000;

/** The experience of a user. */
export type Experience = "instant" | "spinner" | "gave up";

/** Loads the resource and returns the user's experience. */
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
