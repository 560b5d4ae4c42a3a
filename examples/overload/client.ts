/**
 * Retry policies of a frontend whose backend is too busy to answer.
 *
 * @module
 */

/** A reaction to refusals. */
export interface RetryPolicy {
  /** Name of the policy. */
  readonly name: string;
  /** Maximum number of requests per click, the first included. */
  readonly attempts: number;
  /** Returns the wait before the next attempt, in ms, or undefined to give up. */
  wait(refusal: Refusal): number | undefined;
}

/** A refusal as the frontend sees it. */
export interface Refusal {
  /** Number of attempts so far. */
  readonly attempt: number;
  /** Value of Retry-After, in ms; undefined without the header. */
  readonly retryAfter: number | undefined;
  /** A random number from 0 to 1. */
  readonly chance: number;
}

/** Retries at once and often, and does not read Retry-After, as a loop around fetch does. */
export const impatient: RetryPolicy = {
  name: "impatient",
  attempts: 40,
  wait: () => 50,
};

/**
 * Waits at least as long as Retry-After says, plus a random time whose range doubles with each attempt, so that users who were
 * refused together do not come back together.
 */
export const considerate: RetryPolicy = {
  name: "considerate",
  attempts: 4,
  wait: ({ attempt, retryAfter = 200, chance }) =>
    retryAfter + chance * 500 * 2 ** attempt,
};

/** Maximum time that a user waits, whatever the policy, in ms. */
const PATIENCE = 4000;

/** Outcome of a click. */
export interface Click {
  /** True if the user saw an answer. */
  readonly served: boolean;
  /** Number of requests sent. */
  readonly requests: number;
  /** Time that the user waited, in ms. */
  readonly waited: number;
}

/**
 * Loads a page, as a frontend does for a user's click.
 *
 * @param policy reaction to refusals
 * @param user id, and a source of random numbers for this user
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
