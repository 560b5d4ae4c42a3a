import { PerfmockError } from "../errors.ts";
import type { Flow } from "../flow.ts";
import { abandon } from "../pipeline.ts";
import type { Run } from "./_run.ts";

/** How many timers may fire without any progress, in requests or in time. */
const PATIENCE = 10_000_000;

/**
 * Moves the clock, timer by timer, until the run's last request has been sent and all exchanges have ended. What is left
 * after that has no timer, or none that ends it: it is cut.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where requests are sent without end and time stands still; what a timer throws
 */
export function play(run: Run, flow: Flow): void {
  const { clock } = run;
  let left = run.left;
  let time = clock.now();
  let sent = 0;
  let moved = 0;
  let fired = 0;
  try {
    while (run.sending || flow.size > 0) {
      if (!clock.runNext()) break;
      fired++;
      if (run.left !== left) {
        left = run.left;
        sent = fired;
      } else if (fired - sent > PATIENCE) break;
      if (clock.now() !== time) {
        time = clock.now();
        moved = fired;
      } else if (fired - moved > PATIENCE) {
        throw new PerfmockError(
          "ARGUMENT_INVALID",
          "Cannot simulate this traffic: requests are sent without end while time stands still",
        );
      }
    }
  } finally {
    run.close();
    flow.endAll((x) => abandon(x, "cut"));
  }
  if (run.thrown !== undefined) throw run.thrown.error;
  if (run.end < Infinity && clock.now() < run.end) clock.advanceTo(run.end);
}
