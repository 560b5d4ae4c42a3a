/**
 * The part of a frontend that this example is about: what it does when the backend is too busy to answer.
 *
 * @module
 */

/** What a frontend does about a refusal. */
export interface RetryPolicy {
  /** What it is called. */
  readonly name: string;
  /** How many requests it sends for one click, the first included. */
  readonly attempts: number;
  /** How long it waits before the next attempt, in milliseconds, or undefined to give up. */
  wait(refusal: Refusal): number | undefined;
}

/** A refusal as the frontend sees it. */
export interface Refusal {
  /** The attempts so far. */
  readonly attempt: number;
  /** What Retry-After says, in milliseconds; undefined where it says nothing. */
  readonly retryAfter: number | undefined;
  /** A number from 0 to 1, another one each time. */
  readonly chance: number;
}

/** Retries at once and often, and does not read Retry-After: what a loop around fetch does. */
export const impatient: RetryPolicy = {
  name: "impatient",
  attempts: 40,
  wait: () => 50,
};

/**
 * Waits at least as long as it is told, and some random time more that doubles with each attempt, so that those who were
 * refused together do not come back together.
 */
export const considerate: RetryPolicy = {
  name: "considerate",
  attempts: 4,
  wait: ({ attempt, retryAfter = 200, chance }) =>
    retryAfter + chance * 500 * 2 ** attempt,
};

/** After this many milliseconds a user no longer waits, whatever the policy. */
const PATIENCE = 4000;

/** What became of one click. */
export interface Click {
  /** Whether the user saw an answer. */
  readonly served: boolean;
  /** How many requests it took. */
  readonly requests: number;
  /** How long the user waited, in milliseconds. */
  readonly waited: number;
}

/**
 * One user's click, as the frontend carries it out.
 *
 * @param url what it loads
 * @param policy what it does about refusals
 * @param user its id, and chance as the user's own numbers
 */
export async function click(
  url: URL,
  policy: RetryPolicy,
  user: { readonly id: string; readonly chance: () => number },
): Promise<Click> {
  const start = performance.now();
  const left = () => PATIENCE - (performance.now() - start);
  for (let attempt = 1;; attempt++) {
    const after = (served: boolean): Click => ({
      served,
      requests: attempt,
      waited: performance.now() - start,
    });
    let response: Response;
    try {
      response = await fetch(url, {
        headers: { "X-Client-Id": user.id },
        signal: AbortSignal.timeout(Math.max(1, left())),
      });
      await response.body?.cancel();
    } catch {
      return after(false);
    }
    if (response.ok) return after(true);
    const seconds = response.headers.get("retry-after");
    const wait = attempt === policy.attempts ? undefined : policy.wait({
      attempt,
      retryAfter: seconds === null ? undefined : Number(seconds) * 1000,
      chance: user.chance(),
    });
    if (wait === undefined || wait > left()) return after(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
