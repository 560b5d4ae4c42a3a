/**
 * The boundary at which settings are validated: Standard Schema v1, copied structurally so that an author may bring any
 * validator that speaks it (zod, valibot, arktype). Ours is zod.
 *
 * @module
 */

/** One fault that a {@linkcode Schema} found in a value. */
export interface SchemaIssue {
  /** What is wrong, as a sentence without a full stop. */
  readonly message: string;
  /** Where, from the validated value downwards. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}

/** What a {@linkcode Schema} says of a value: the parsed value, or all its faults. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** The properties a {@linkcode Schema} keeps under `~standard`. */
export interface StandardProperties<Output> {
  /** The version of Standard Schema. */
  readonly version: 1;
  /** The validator's name, such as `"zod"`. */
  readonly vendor: string;
  /** Parses a value. perfmock takes synchronous schemas only: a promise is reported as a fault of the plugin. */
  readonly validate: (
    value: unknown,
  ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  /** Types for inference; absent at run time. */
  readonly types?:
    | { readonly input: unknown; readonly output: Output }
    | undefined;
  /** The JSON Schema of what goes in: it feeds `perfmock schema`, openapi.json and the "allowed" part of faults. */
  readonly jsonSchema?:
    | {
      readonly input: (
        options: { readonly target: "draft-2020-12" },
      ) => Record<string, unknown>;
    }
    | undefined;
}

/** Any validator that speaks Standard Schema v1. */
export interface Schema<Output = unknown> {
  /** The Standard Schema properties. */
  readonly "~standard": StandardProperties<Output>;
}
