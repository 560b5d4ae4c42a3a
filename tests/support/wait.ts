/** Waiting for conditions, never for a time. */

/** Resolves once something holds; fails after 5 s, which is no measure of anything but patience. */
export async function until(
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + 5000;
  while (!await holds()) {
    if (performance.now() > end) {
      throw new Error(`Waited in vain for ${holds}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
