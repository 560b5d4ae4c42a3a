/**
 * The dials of a route that core provides.
 *
 * @module
 */
import { bandwidthType } from "../config/mod.ts";
import type { RouteDials } from "../pipeline/exchange.ts";
import type { RouteFaults } from "../pipeline/faults.ts";
import type { Dial, Kit } from "../plugin.ts";
import type { Line } from "../respond/body_stream.ts";
import type { RoutePace } from "./backend.ts";

/**
 * The dials of a route that core provides: time that is added or taken away, the share of its faults, and the bandwidth of its bodies.
 * A signal that turns one may pass through negative values, which count as 0.
 */
export function coreDials(
  dials: RouteDials,
  { pace, delay: configured, faults, kit, lines, isProxied }: {
    /** Values of the route and of the whole backend together. */
    readonly pace: RoutePace;
    /** The route's own delay, in ms. */
    readonly delay: number;
    readonly faults: RouteFaults | undefined;
    readonly kit: Kit;
    /** Lines of paced bodies; none where bodies are not paced. */
    readonly lines: readonly Line[];
    /** True if another server answers, from whose time nothing can be taken. */
    readonly isProxied: boolean;
  },
): Record<string, Dial> {
  const delay: Dial<number> = {
    type: kit.duration(),
    configured,
    summary:
      "Time that is added to each response, behind a proxy too; replaces the route's delay",
    turn: (value = configured) => {
      pace.delay = Math.max(0, value);
    },
  };
  const speedup: Dial<number> = {
    type: kit.duration(),
    summary:
      "Time that is taken away from each response, at most its service time; not of a proxied route",
    turn: (value = 0) => {
      dials.speedup = Math.max(0, value);
    },
  };
  const faultShare: Dial<number> = {
    type: kit.number({ min: 0 }),
    summary: "Factor on the shares of all faults of the route",
    turn: (value = 1) => {
      pace.faultShare = Math.max(0, value);
    },
  };
  const bandwidth: Dial<number> = {
    type: bandwidthType(),
    summary: "Bandwidth of the paced bodies of the route, in bytes per second",
    turn: (value) => {
      for (const line of lines) line.rate = value && Math.max(1, value);
    },
  };
  return {
    delay: delay as Dial,
    ...!isProxied && { speedup: speedup as Dial },
    ...faults !== undefined && { faultShare: faultShare as Dial },
    ...lines.length > 0 && { bandwidth: bandwidth as Dial },
  };
}
