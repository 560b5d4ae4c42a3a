/**
 * What a script is read with.
 *
 * @module
 */
import type { Dials, Issue, Kit, Stream } from "../../../core/plugin.ts";

/** What a script is read with: a Host has all of it, and so has a load thread but for the server's part. */
export interface ScriptTools {
  /** The types that settings are made of. */
  readonly kit: Kit;
  /** See Host.stream. */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
  /** The absolute path of the folder that the script's relative paths start from. */
  readonly folder: string;
  /** What only the server's own thread knows; where absent, what depends on it was checked there. */
  readonly server?: ScriptServer;
}

/** What a script can use of a server. */
export interface ScriptServer {
  /** What can be turned. */
  readonly dials: Dials;
  /** Who lays loads on the machine; undefined where that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** The origins beyond loopback that requests may go to. */
  readonly targets: readonly string[];
}

/** The service `resource_stress.scenarios`. */
export interface StressScenarios {
  /** All that is wrong with a scenario as written, paths relative to it. */
  faults(value: unknown): readonly Issue[];
  /**
   * Starts one.
   *
   * @param owner who, for those who ask what is going on
   */
  start(value: unknown, owner: string): Promise<StressHandle>;
}

/** A stress scenario under way. */
export interface StressHandle {
  /** Its id. */
  readonly id: string;
  /** Ends it. */
  stop(): Promise<void>;
}
