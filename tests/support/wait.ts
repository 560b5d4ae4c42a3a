/** Waits for a condition, never for a fixed time. */

/** Resolves once a condition holds; fails after 30 s, which is long enough for any busy machine. */
export async function until(
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + 30_000;
  while (!await holds()) {
    if (performance.now() > end) {
      throw new Error(`Waited 30 s in vain for ${holds}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
