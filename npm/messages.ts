/**
 * Messages between a program that runs on Node.js and the process of Deno that serves for it. Each is sent as a text, its JSON: the
 * channel of Deno reads fewer values than JSON holds, and says nothing of a message with half of a surrogate pair, or with more than
 * about 120 levels, nor of any later one.
 *
 * @module
 */
import type { ErrorCode, Issue } from "../core/errors.ts";

/** Message that starts the server: the first one, sent once. */
export interface Start {
  /** Kind of the message. */
  readonly kind: "start";
  /** Configuration; undefined if it is in a file. */
  readonly config: Readonly<Record<string, unknown>> | undefined;
  /** Path of the configuration file; undefined if there is none. */
  readonly file: string | undefined;
  /** True to replace placeholders such as `${NAME}` in the file by environment variables. */
  readonly placeholders: boolean;
  /** Seed that takes precedence over the configuration's. */
  readonly seed: number | string | undefined;
  /** Host that takes precedence over the configuration's. */
  readonly host: string | undefined;
  /** Port that takes precedence over the configuration's. */
  readonly port: number | undefined;
}

/** Call of the control API. */
export interface ControlCall {
  /** Kind of the message. */
  readonly kind: "call";
  /** HTTP method. */
  readonly method: string;
  /** Path below the control path, with a slash at its start. */
  readonly path: string;
  /** Body as a JSON value; undefined for none. */
  readonly body: unknown;
  /** Name of the session that the call is for; undefined for the server itself. */
  readonly session: string | undefined;
}

/** Run of a load script. */
export interface Run {
  /** Kind of the message: over HTTP, or in virtual time. */
  readonly kind: "load" | "simulate";
  /** JSON value, or text in JSON or YAML. */
  readonly script: unknown;
}

/** A message with an answer. */
export type Question = (ControlCall | Run) & {
  /** Number that the answer has too. */
  readonly id: number;
};

/** Message to the process that serves. */
export type ToServer =
  | Start
  | Question
  | { readonly kind: "abort"; readonly id: number }
  | { readonly kind: "stop" };

/** A PerfmockError, as it is sent. */
export interface SentError {
  /** Stable code; undefined for an error of another class. */
  readonly code: ErrorCode | undefined;
  /** Message with the list of all issues, as the command line prints it. */
  readonly text: string;
  /** All issues. */
  readonly issues: readonly Issue[];
}

/** Message from the process that serves. */
export type FromServer =
  | {
    readonly kind: "ready";
    /** URL at which it listens, with a trailing slash. */
    readonly url: string;
    /** URL below which the calls of the control API are, without a trailing slash. */
    readonly control: string;
    /** Name of the header that names a session. */
    readonly sessionHeader: string;
  }
  | { readonly kind: "refused"; readonly error: SentError }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly error: SentError };
