import { PerfmockError } from "../errors.ts";
import type { Flow } from "../pipeline/flow.ts";
import { abandon } from "../pipeline/pipeline.ts";
import type { Run } from "./_run.ts";

/** How many timers may fire at one moment: more than there can be users. */
const STILL = 500_000;

/** How many timers may fire, nothing more being sent, before one exchange ends: others' traffic, such as a pool's background. */
const IDLE = 2_000_000;

/**
 * Lets the sources begin and moves the clock, timer by timer, until the last request has been sent and all exchanges have ended. What is left after
 * that has no timer that ends it, and is cut.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where timers fire without end and time stands still; what a
 * source or a timer throws
 */
export function play(
  run: Run,
  sources: readonly { begin(): void }[],
  flow: Flow,
): void {
  const { clock } = run;
  let now = clock.now();
  let underWay = 0;
  let still = 0;
  let idle = 0;
  try {
    for (const source of sources) source.begin();
    for (;;) {
      const sending = run.sending && now < run.end;
      if (!sending && flow.size === 0 || idle > IDLE || !clock.runNext()) break;
      if (clock.now() > now) {
        now = clock.now();
        still = 0;
      } else if (++still > STILL) throw stuck(now);
      if (sending || flow.size !== underWay) {
        underWay = flow.size;
        idle = 0;
      } else idle++;
    }
  } finally {
    run.close();
    flow.endAll((x) => abandon(x, "cut"));
  }
  if (run.thrown !== undefined) throw run.thrown.error;
  if (run.end < Infinity && clock.now() < run.end) clock.advanceTo(run.end);
}

function stuck(now: number): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot simulate this traffic: it goes on without end at ${now} ms, and time stands still`,
  );
}
