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
  /** A function, a command or a call received an argument that is not allowed. */
  | "ARGUMENT_INVALID"
  /** Another replica cannot take over a change of the configuration, so none does. */
  | "CHANGE_REFUSED"
  /** A timer was set on the clock of a server that has been disposed. */
  | "CLOCK_DISPOSED"
  /** The configuration or a distribution is not valid. */
  | "CONFIG_INVALID"
  /** The configuration file is not valid JSON or YAML. */
  | "CONFIG_SYNTAX"
  /** A file cannot be read: the configuration, or one that it names. */
  | "CONFIG_UNREADABLE"
  /** There is no such dial, or another run or the control API holds it. */
  | "DIAL_UNAVAILABLE"
  /** An experiment could not measure. */
  | "FIND_FAILED"
  /** A hook of a plugin threw an error, or returned no valid result, while it handled a request. */
  | "HOOK_FAILED"
  /** A file that another tool has written cannot be read, or its content is wrong. */
  | "IMPORT_INVALID"
  /** A plugin requested a service that no plugin set up before it provides. */
  | "KEY_MISSING"
  /** Code of a plugin failed outside of requests. */
  | "PLUGIN_FAILED"
  /** A module is no plugin, or breaks the contract. */
  | "PLUGIN_INVALID"
  /** Two plugins of the configuration have the same name. */
  | "PLUGIN_NAME_TAKEN"
  /** The module of a plugin cannot be imported. */
  | "PLUGIN_NOT_LOADED"
  /** A plugin requires one that is not on, or two require each other. */
  | "PLUGIN_REQUIREMENT_MISSING"
  /** The setup of a plugin threw an error. */
  | "PLUGIN_SETUP_FAILED"
  /** The setup of a plugin did not end in time. */
  | "PLUGIN_SETUP_TIMEOUT"
  /** Another process listens on the port. */
  | "PORT_IN_USE"
  /** A call of the control API needs a power that the configuration did not give. */
  | "POWER_MISSING"
  /** An experiment lacks something on this machine, such as a browser. */
  | "PROBE_UNAVAILABLE"
  /** A replica may not join the others: its name or segment is taken, or its version or configuration differs. */
  | "REPLICA_CONFLICT"
  /** A replica of the fleet did not answer. */
  | "REPLICA_UNREACHABLE"
  /** A change concerns a setting that takes a restart. */
  | "RESTART_REQUIRED"
  /** The configuration has changed since the revision that a call names. */
  | "REVISION_STALE"
  /** There is no route with this id. */
  | "ROUTE_UNKNOWN"
  /** A load script or a find script is not valid. */
  | "SCRIPT_INVALID"
  /** The server could not listen, for another reason than a port in use. */
  | "SERVER_NOT_STARTED"
  /** There are as many sessions as the configuration allows. */
  | "SESSIONS_EXHAUSTED"
  /** A call that came through a session concerns the server or another session. */
  | "SESSION_CONFINED"
  /** There is no session of this name. */
  | "SESSION_UNKNOWN"
  /** Redis, which servers share their state through, does not answer. */
  | "SHARED_STATE_LOST"
  /** Redis answers, and cannot be used. */
  | "SHARED_STATE_REFUSED"
  /** A simulation needs more time or memory than it may have. */
  | "SIMULATION_LIMIT"
  /** An upstream could not be reached, or closed the connection before it sent headers. */
  | "UPSTREAM_FAILED"
  /** An upstream's answer cannot be passed on. */
  | "UPSTREAM_INVALID"
  /** A request came back to a proxied route that it had passed before, or has passed 16 of them. */
  | "UPSTREAM_LOOP"
  /** An upstream did not answer in time. */
  | "UPSTREAM_TIMEOUT";

/** Options of a {@linkcode PerfmockError}. */
export interface PerfmockErrorOptions extends ErrorOptions {
  /** HTTP status of the answer if an endpoint throws the error, 400…599. Default the status of its code, or 400. */
  readonly status?: number;
  /** Warnings about the same input. Default none. */
  readonly warnings?: readonly Issue[];
}

/** Error with a stable code. If a user's input is wrong, {@linkcode PerfmockError.issues} lists all errors in it. */
export class PerfmockError extends Error {
  /**
   * True for an error of this class, also for one of another copy of the module: a program and its test runner may have one each.
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== PerfmockError) {
      return Function.prototype[Symbol.hasInstance].call(this, value);
    }
    // Errors of another realm, such as a test runner's, are errors by their tag.
    return Object.prototype.toString.call(value) === "[object Error]" &&
      Reflect.get(Object(value), "name") === "PerfmockError" &&
      Array.isArray(Reflect.get(Object(value), "issues"));
  }

  /** Name of this class, by which it is recognised across copies of the module. */
  override readonly name = "PerfmockError";

  /** HTTP status of the answer if an endpoint throws the error; undefined for the status of its code, by default 400. */
  readonly status: number | undefined;

  /** Warnings about the same input, as far as they are known although it has errors. */
  readonly warnings: readonly Issue[];

  /**
   * Creates an error.
   *
   * @param code stable code, explained in docs/errors.md
   * @param message action that failed, then the reason, without a full stop
   * @param issues all errors in a user's input; default none
   * @param options cause of the error, the HTTP status of the answer if an endpoint throws it, and warnings about the input
   */
  constructor(
    /** Stable code, explained in docs/errors.md. */
    readonly code: ErrorCode,
    message: string,
    /** All errors in a user's input, in the order of the input. */
    readonly issues: readonly Issue[] = [],
    { status, warnings = [], ...options }: PerfmockErrorOptions = {},
  ) {
    super(message, options);
    this.status = status;
    this.warnings = warnings;
    // Runtimes print all enumerable properties beside the stack, which lists the issues already.
    for (const key of ["name", "issues", "status", "warnings"]) {
      Object.defineProperty(this, key, { enumerable: false });
    }
  }
}
