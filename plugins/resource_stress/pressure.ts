/**
 * What real stress tells modelled degradation: how much of the machine the running scenarios take.
 *
 * @module
 */

/** The present stress. All reads are synchronous and cost a few additions; without scenarios all is zero. */
export interface PressureSource {
  /** The share of all cores that may be stressed which scenarios aim at now, 0…1. */
  cpu(): number;
  /** The bytes that scenarios hold over those they may hold at most, 0…1. */
  memory(): number;
  /** The bytes that scenarios hold, every page of them touched. */
  heldBytes(): number;
  /** The share of time for which scenarios mean to block the event loop by the clock, 0…1; blocks per request not counted. */
  eventLoop(): number;
  /** Whether a scenario that grows has reached its limit and stays there: the memory of the backend has run out. */
  exhausted(): boolean;
  /** How often scenarios have reached their limit and begun again from nothing, since the server started; never falls. */
  restarts(): number;
}

/** Where nothing is ever stressed: in a session, and in simulation. */
export const NO_PRESSURE: PressureSource = {
  cpu: () => 0,
  memory: () => 0,
  heldBytes: () => 0,
  eventLoop: () => 0,
  exhausted: () => false,
  restarts: () => 0,
};
