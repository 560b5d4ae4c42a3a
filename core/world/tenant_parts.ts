/**
 * What outlives the revisions of one configuration, the server's own or a session's, and what all of their parts share.
 *
 * @module
 */
import type { DialBoard } from "./dials.ts";
import type { ExchangeJournal } from "../observe/journal.ts";
import type { Host, Metrics } from "../plugin.ts";
import type { VirtualWorld } from "../contract/load.ts";
import type { SharedParts } from "./built_route.ts";
import type { SettingsInput } from "./settings.ts";
import type { TraceIds } from "../lib/trace.ts";

/** What revisions are built with. */
export interface TenantParts extends SharedParts {
  /** The session's name; undefined for the server's own configuration. */
  readonly session: string | undefined;
  /** All metrics, as this configuration's plugins see them. */
  readonly metrics: Metrics;
  /** What can be turned. */
  readonly dials: DialBoard;
  /** The ended exchanges. */
  readonly journal: ExchangeJournal;
  /** Where trace ids come from. */
  readonly traces: TraceIds;
  /** Where the server listens, if it does. */
  readonly url: () => URL | undefined;
  /** Changes the configuration in force; resolves to its revision. */
  readonly update: Host["update"];
  /** Builds a configuration once more, in virtual time. */
  readonly virtualWorld: (input: SettingsInput) => Promise<VirtualWorld>;
  /** Whether plugins of scope `server` are left out. */
  readonly sessionPluginsOnly: boolean;
  /** Writes one line to the log. */
  readonly log: (level: "info" | "warn" | "error", message: string) => void;
}
