/**
 * How the limiter reports what is wrong with a route or a change of a pool.
 *
 * @module
 */
import type { Faults, Issue } from "../../core/plugin.ts";

/** Faults that no schema can see. Structurally a PerfmockError. */
export class InvalidSettings extends Error implements Faults {
  /** The name of core's error class, by which faults are recognised. */
  override readonly name = "PerfmockError";
  /** The code of a fault in settings. */
  readonly code = "CONFIG_INVALID";

  /**
   * @param issues all faults, paths relative to what was written; at least one
   * @param message what could not be done; that of the first fault where absent
   */
  constructor(
    /** All faults, paths relative to what was written. */
    readonly issues: readonly Issue[],
    message: string = issues[0].message,
  ) {
    super(message);
  }
}
