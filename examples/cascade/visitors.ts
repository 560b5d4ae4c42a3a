/**
 * The crowd of this example: visitors who come at a steady rate, whatever becomes of those before them, and do not wait for ever.
 *
 * @module
 */

/** A crowd. */
export interface Crowd {
  /** Requests a second. */
  readonly rate: number;
  /** After this many milliseconds a visitor gives up. */
  readonly patience: number;
}

/** What became of one request. */
export interface Visit {
  /** When it was sent, in milliseconds since the crowd began to come. */
  readonly at: number;
  /** How it ended: refused is any status from 400 on. */
  readonly end: "answered" | "refused" | "gave up";
  /** How long that took, in milliseconds. */
  readonly took: number;
}

/**
 * Sends requests at a steady rate and waits for the end of all of them.
 *
 * @param url what they load
 * @param crowd how many come, and how patient they are
 * @param duration for how long new ones come, in milliseconds
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
