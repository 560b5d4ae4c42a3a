/**
 * A client of a shop's backend: it gives up on slow answers, and retries what the backend refuses.
 *
 * @module
 */

/** Time after which the client gives up, in ms. */
const PATIENCE = 300;

/** Maximum number of attempts. */
const ATTEMPTS = 4;

/** Number of products in the catalogue; null if the backend does not say in time. */
export async function countProducts(backend: URL): Promise<number | null> {
  try {
    const response = await fetch(new URL("/products", backend), {
      signal: AbortSignal.timeout(PATIENCE),
    });
    return (await response.json()).length;
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return null;
    }
    throw error;
  }
}

/** Sends an order, again if it is refused; returns the number of attempts. */
export async function order(backend: URL, key: string): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const response = await fetch(new URL("/orders", backend), {
      method: "POST",
      headers: { "idempotency-key": key },
    });
    await response.body?.cancel();
    if (response.ok) return attempt;
    const told = 1000 * Number(response.headers.get("retry-after") ?? 0);
    // Not all at once: those who were refused together must not come back together.
    const wait = (told + 100 * 2 ** attempt) * (1 + Math.random() / 2);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  throw new Error(`The order was refused ${ATTEMPTS} times`);
}
