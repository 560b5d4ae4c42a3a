/**
 * Errors of perfmock. Each has a stable code, a message that begins with the action that failed, and a list of all issues with
 * path, received value, allowed values and a suggestion.
 *
 * docs/errors.md explains each code; a test compares the two lists.
 *
 * @module
 */

/** Error in something that a user wrote. The CLI prints it, the control API sends it. */
export interface Issue {
  /** JSON Pointer into the configuration, the request body or the script; `""` for the whole document. */
  readonly path: string;
  /** Description of the error, a sentence without a full stop. */
  readonly message: string;
  /** Received value, if there was one. */
  readonly value?: unknown;
  /** Accepted values, in words. */
  readonly allowed?: string;
  /** Probable intention of the user, or the next step to take. */
  readonly suggestion?: string;
  /** JSON Pointer of a second setting that the error is about, such as the route that hides another one. */
  readonly also?: string;
}

/** Stable codes of {@linkcode PerfmockError}. */
export type ErrorCode =
  | "ARGUMENT_INVALID"
  | "CLOCK_DISPOSED"
  | "CONFIG_INVALID"
  | "CONFIG_SYNTAX"
  | "CONFIG_UNREADABLE"
  | "DIAL_UNAVAILABLE"
  | "FIND_FAILED"
  | "HOOK_FAILED"
  | "IMPORT_INVALID"
  | "KEY_MISSING"
  | "PLUGIN_FAILED"
  | "PLUGIN_INVALID"
  | "PLUGIN_NAME_TAKEN"
  | "PLUGIN_NOT_LOADED"
  | "PLUGIN_REQUIREMENT_MISSING"
  | "PLUGIN_SETUP_FAILED"
  | "PLUGIN_SETUP_TIMEOUT"
  | "PORT_IN_USE"
  | "POWER_MISSING"
  | "PROBE_UNAVAILABLE"
  | "RESTART_REQUIRED"
  | "REVISION_STALE"
  | "ROUTE_UNKNOWN"
  | "SCRIPT_INVALID"
  | "SERVER_NOT_STARTED"
  | "SESSIONS_EXHAUSTED"
  | "SESSION_CONFINED"
  | "SESSION_UNKNOWN"
  | "SIMULATION_LIMIT"
  | "UPSTREAM_FAILED"
  | "UPSTREAM_INVALID"
  | "UPSTREAM_LOOP"
  | "UPSTREAM_TIMEOUT";

/** Options of a {@linkcode PerfmockError}. */
export interface PerfmockErrorOptions extends ErrorOptions {
  /** HTTP status of the answer if an endpoint throws the error, 400…599. Default the status of its code, or 400. */
  readonly status?: number;
}

/** Error with a stable code. If a user's input is wrong, {@linkcode PerfmockError.issues} lists all errors in it. */
export class PerfmockError extends Error {
  /** Name of this class, by which it is recognised across copies of the module. */
  override readonly name = "PerfmockError";

  /** HTTP status of the answer if an endpoint throws the error; undefined for the status of its code, by default 400. */
  readonly status: number | undefined;

  /**
   * Creates an error.
   *
   * @param code stable code, explained in docs/errors.md
   * @param message action that failed, then the reason, without a full stop
   * @param issues all errors in a user's input; default none
   * @param options cause of the error, and the HTTP status of the answer if an endpoint throws it
   */
  constructor(
    /** Stable code, explained in docs/errors.md. */
    readonly code: ErrorCode,
    message: string,
    /** All errors in a user's input, in the order of the input. */
    readonly issues: readonly Issue[] = [],
    { status, ...options }: PerfmockErrorOptions = {},
  ) {
    super(message, options);
    this.status = status;
  }
}
