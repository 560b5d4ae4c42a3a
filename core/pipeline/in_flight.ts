/**
 * The exchanges under way, as plugins see and move them.
 *
 * @module
 */
import type { LiveExchange } from "./exchange.ts";
import type { Flow } from "./flow.ts";
import { crash, postpone } from "./pipeline.ts";
import type { Exchange, InFlight } from "../plugin.ts";

/** A plugin's view of a flow. */
export function inFlightOf(flow: Flow): InFlight {
  const matching = (concerns?: (exchange: Exchange) => boolean) => {
    const found: LiveExchange[] = [];
    flow.each((x) => {
      if (concerns === undefined || concerns(x)) found.push(x);
    });
    return found;
  };
  return {
    get size() {
      return flow.size;
    },
    postpone(by, concerns) {
      if (!(by > 0)) return;
      for (const x of matching(concerns)) postpone(x, by);
    },
    reset(concerns) {
      let count = 0;
      for (const x of matching(concerns)) {
        // Ending one may have settled or ended others meanwhile.
        if (x.outcome !== "pending" || !x.plan.resets) continue;
        crash(x);
        count++;
      }
      return count;
    },
  };
}
