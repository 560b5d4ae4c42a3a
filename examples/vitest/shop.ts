/** Names of the products; null if the backend does not say in time. */
export async function products(backend: string): Promise<string[] | null> {
  try {
    const response = await fetch(new URL("/products", backend), {
      signal: AbortSignal.timeout(300),
    });
    if (!response.ok) {
      throw new Error(`The backend answered ${response.status}`);
    }
    return (await response.json()).map(({ name }: { name: string }) => name);
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return null;
    }
    throw error;
  }
}
