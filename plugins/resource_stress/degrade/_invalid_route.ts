import type { Faults, Issue } from "../../../core/plugin.ts";

/** Faults that only show when a route is prepared. Structurally a PerfmockError. */
export class InvalidRoute extends Error implements Faults {
  /** The name of core's error class, by which faults are recognised. */
  override readonly name = "PerfmockError";
  /** The code of a fault in settings. */
  readonly code = "CONFIG_INVALID";

  /**
   * The first fault is the message.
   *
   * @param issues all faults, paths relative to the route; at least one
   */
  constructor(
    /** All faults, paths relative to the route. */
    readonly issues: readonly Issue[],
  ) {
    super(issues[0].message);
  }
}
