/**
 * What can be turned of a pool while it is busy.
 *
 * @module
 */
import type { Dial, Kit, KitType } from "../../core/plugin.ts";
import type { Overlay } from "./kept_pool.ts";
import type { PoolSettings } from "./settings.ts";

/**
 * The dials of a pool, by name. A signal that turns one goes through fractions: places are whole.
 *
 * @param settings a pool without a background has no dial of it, since nothing says how long phantoms stay
 * @param lay lays a value over the settings, undefined takes it off
 */
export function dialsOf(
  kit: Kit,
  settings: PoolSettings,
  lay: (overlay: Overlay) => void,
): Record<string, Dial> {
  const queue = kit.z.union([
    kit.integer({ min: 0 }),
    kit.z.literal("unbounded").transform(() => Infinity),
  ]) as unknown as KitType<number>;
  return {
    concurrency: dial(
      kit.integer({ min: 1 }),
      (value) => lay({ concurrency: value && Math.max(1, Math.round(value)) }),
    ),
    queue: dial(
      queue,
      (value) => lay({ queue: value && Math.max(0, Math.round(value)) }),
    ),
    ...(settings.background !== undefined && {
      background: dial(
        kit.rate(),
        (value) => lay({ background: value && Math.max(0, value) }),
      ),
    }),
  };
}

/** Dials of any type stand side by side: each is turned with values of its own. */
function dial(
  type: KitType<number>,
  turn: (value: number | undefined) => void,
): Dial {
  return { type, turn: (value) => turn(value as number | undefined) };
}
