/**
 * Every error perfmock raises on purpose: a stable code, a sentence that starts with what could not be done, and the list
 * of all faults, each with its path, the value received, what is allowed, and a suggestion.
 *
 * docs/errors.md explains each code; a test holds the two lists together.
 *
 * @module
 */

/** One fault in something a user wrote. The CLI prints it, the control API sends it. */
export interface Issue {
  /** Where: a JSON Pointer into the configuration, the request body or the script; `""` is the whole. */
  readonly path: string;
  /** What is wrong, as a sentence without a full stop. */
  readonly message: string;
  /** The value received, where there was one. */
  readonly value?: unknown;
  /** What would be accepted, in words. */
  readonly allowed?: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** The stable codes of {@linkcode PerfmockError}. */
export type ErrorCode =
  | "ARGUMENT_INVALID"
  | "CLOCK_DISPOSED"
  | "CONFIG_INVALID"
  | "CONFIG_SYNTAX"
  | "CONFIG_UNREADABLE"
  | "DIAL_UNAVAILABLE"
  | "HOOK_FAILED"
  | "KEY_MISSING"
  | "PLUGIN_INVALID"
  | "PLUGIN_NAME_TAKEN"
  | "PLUGIN_NOT_LOADED"
  | "PLUGIN_REQUIREMENT_MISSING"
  | "PLUGIN_SETUP_FAILED"
  | "PLUGIN_SETUP_TIMEOUT"
  | "PORT_IN_USE"
  | "RESTART_REQUIRED"
  | "REVISION_STALE"
  | "ROUTE_UNKNOWN"
  | "SCRIPT_INVALID"
  | "SERVER_NOT_STARTED"
  | "SESSIONS_EXHAUSTED"
  | "SESSION_UNKNOWN"
  | "UPSTREAM_FAILED"
  | "UPSTREAM_TIMEOUT";

/** Options of a {@linkcode PerfmockError}. */
export interface PerfmockErrorOptions extends ErrorOptions {
  /** HTTP status of the answer where an endpoint throws the error, 400…599. By default the status of its code, or 400. */
  readonly status?: number;
}

/** An error with a stable code. A user's mistake carries {@linkcode PerfmockError.issues}, one for each fault. */
export class PerfmockError extends Error {
  /** The name of this class, so that it is recognised across copies of the module. */
  override readonly name = "PerfmockError";

  /** HTTP status of the answer where an endpoint throws this; undefined for the status of the code, by default 400. */
  readonly status: number | undefined;

  /**
   * Makes an error.
   *
   * @param code the stable code, explained in docs/errors.md
   * @param message what could not be done, then why; no full stop
   * @param issues all faults, empty where the error has but one cause
   * @param options the cause, and the HTTP status of the answer where an endpoint throws this
   */
  constructor(
    /** The stable code, explained in docs/errors.md. */
    readonly code: ErrorCode,
    message: string,
    /** All faults found, in the order of the text they were found in. */
    readonly issues: readonly Issue[] = [],
    { status, ...options }: PerfmockErrorOptions = {},
  ) {
    super(message, options);
    this.status = status;
  }
}
