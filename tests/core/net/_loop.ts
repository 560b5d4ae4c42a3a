/**
 * A loop for one test, and descriptors whose events the test raises.
 *
 * @module
 */
import { equal, ok } from "node:assert/strict";
import { EVENT } from "../../../core/net/libc.ts";
import { Loop } from "../../../core/net/loop.ts";

/** Runs a test with the loop, and releases it. */
export async function withLoop(
  run: (loop: Loop) => Promise<void>,
): Promise<void> {
  const loop = await Loop.acquire();
  try {
    await run(loop);
  } finally {
    await loop.release();
  }
}

/** A descriptor that becomes readable when the test says so. */
export interface Events {
  /** Number of the descriptor. */
  readonly fd: number;
  /** Makes it readable. */
  raise(): void;
  /** Watches it: takes the event, then calls back. */
  watch(ready: () => void, broken?: (error: unknown) => void): void;
  /** Closes it. */
  close(): void;
}

/** Creates a descriptor that is not readable. */
export function eventsOf(loop: Loop): Events {
  const { calls } = loop;
  const fd = calls.eventfd(0, 0o2004000);
  ok(fd >= 0);
  const one = new Uint8Array(8);
  one[0] = 1;
  let open = true;
  return {
    fd,
    raise() {
      if (open) equal(calls.write(fd, one, 8), 8);
    },
    watch(ready, broken = () => {}) {
      const taken = new Uint8Array(8);
      ok(loop.watch(fd, EVENT.readable, {
        ready() {
          equal(calls.read(fd, taken, 8), 8);
          ready();
        },
        broken,
      }));
    },
    close() {
      if (!open) return;
      open = false;
      loop.close(fd);
    },
  };
}
