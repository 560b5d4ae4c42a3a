/**
 * What core itself lets turn of a route: a delay that is added, and the share of its faults.
 *
 * @module
 */
import type { RouteFaults } from "../pipeline/faults/mod.ts";
import type { Overlay } from "../pipeline/plan.ts";
import type { Dial, Kit } from "../plugin.ts";

/** The dials of one route. */
export function coreDials(
  overlay: Overlay,
  faults: RouteFaults | undefined,
  kit: Kit,
): Record<string, Dial> {
  const delay: Dial<number> = {
    type: kit.duration(),
    turn: (value = 0) => {
      overlay.delay = value;
    },
  };
  const faultShare: Dial<number> = {
    type: kit.number({ min: 0 }),
    turn: (value = 1) => {
      if (faults !== undefined) faults.scale = value;
    },
  };
  return {
    delay: delay as Dial,
    ...faults !== undefined && { faultShare: faultShare as Dial },
  };
}
