/** Waits for conditions, so that tests need no fixed delays. */

/** Resolves once a condition holds. Rejects after 30 s, which suffices even on a busy machine. */
export async function until(
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + 30_000;
  while (!await holds()) {
    if (performance.now() > end) {
      throw new Error(`The condition did not hold within 30 s: ${holds}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
