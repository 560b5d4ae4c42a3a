/**
 * Visitors of the example: they arrive at a steady rate whatever the response times are, and give up after some time.
 *
 * @module
 */

/** A group of visitors. */
export interface Crowd {
  /** Requests per second. */
  readonly rate: number;
  /** Time after which a visitor gives up, in ms. */
  readonly patience: number;
}

/** Result of one request. */
export interface Visit {
  /** Time of sending, in ms since the first arrival. */
  readonly at: number;
  /** End of the request; a status of 400 or above is `refused`. */
  readonly end: "answered" | "refused" | "gave up";
  /** Time until the end, in ms. */
  readonly took: number;
}

/**
 * Sends requests at a steady rate and waits until all of them have ended.
 *
 * @param url page to load
 * @param crowd rate of arrivals, and time after which visitors give up
 * @param duration duration of the arrivals, in ms
 */
export async function visitAll(
  url: URL,
  { rate, patience }: Crowd,
  duration: number,
): Promise<Visit[]> {
  const start = performance.now();
  const visits: Promise<Visit>[] = [];
  for (let at = 0; at < duration; at += 1000 / rate) {
    const wait = start + at - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    visits.push(visit(url, patience, performance.now() - start));
  }
  return await Promise.all(visits);
}

async function visit(url: URL, patience: number, at: number): Promise<Visit> {
  const sent = performance.now();
  const took = () => performance.now() - sent;
  try {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(patience),
    });
    await response.body?.cancel();
    return { at, end: response.ok ? "answered" : "refused", took: took() };
  } catch {
    return { at, end: "gave up", took: took() };
  }
}
