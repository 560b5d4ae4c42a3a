/**
 * Compiles a family and its parameters, as written by a user, into a distribution.
 *
 * @module
 */
import {
  fromPointer,
  lookUp,
  sentence,
  showable,
  toPointer,
  validate,
  type Validation,
} from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Distribution, Family, Kit, Schema, Shape } from "../plugin.ts";
import { complete } from "./complete.ts";

/** Schemas of the families' parameters. Each is made once. */
export class FamilySchemas {
  readonly #kit: Kit;
  readonly #schemas = new Map<Family, Schema>();

  /**
   * Creates the collection without making a schema.
   *
   * @param kit types of settings from which families make their schemas
   */
  constructor(kit: Kit) {
    this.#kit = kit;
  }

  /**
   * Returns the schema of a family's parameters.
   *
   * @throws PerfmockError `PLUGIN_INVALID` if the family cannot make it
   */
  of(family: Family): Schema {
    const known = this.#schemas.get(family);
    if (known !== undefined) return known;
    const schema = this.#make(family);
    this.#schemas.set(family, schema);
    return schema;
  }

  #make(family: Family): Schema {
    try {
      const schema = family.parameters(this.#kit);
      if (schema?.["~standard"]?.version === 1) return schema;
    } catch (error) {
      throw new PerfmockError(
        "PLUGIN_INVALID",
        `Cannot use the distribution family "${family.name}": its parameters threw ${
          reasonOf(error)
        }`,
        [],
        { cause: error },
      );
    }
    throw new PerfmockError(
      "PLUGIN_INVALID",
      `Cannot use the distribution family "${family.name}": its parameters are no Standard Schema`,
    );
  }
}

/** A family with parameters that are not parsed yet. */
export interface Compilation {
  readonly family: Family;
  /** Schema of the parameters. */
  readonly schema: Schema;
  /** Parameters as written. */
  readonly raw: unknown;
}

/** Parses the parameters. Paths of issues begin with the name of the family. */
export function readParameters(
  { family, schema, raw }: Compilation,
): Validation<unknown> {
  return validate(schema, raw, toPointer([family.name]));
}

/** Creates the distribution. Any error that the family throws becomes an issue of the parameters. */
export function make(
  { family, raw }: Compilation,
  parameters: unknown,
): Validation<Distribution> {
  try {
    const shape: Shape | undefined = family.create(parameters);
    if (typeof shape !== "object" || shape === null) {
      throw new TypeError(`The family "${family.name}" creates no shape`);
    }
    return { value: complete(family.name, shape) };
  } catch (error) {
    return {
      issues: issuesOf(error).map((issue) => ({
        ...issue,
        path: toPointer([family.name]) + issue.path,
        value: issue.value ?? showable(lookUp(raw, fromPointer(issue.path))),
      })),
    };
  }
}

function issuesOf(error: unknown): readonly Issue[] {
  if (error instanceof Error && "issues" in error) {
    const { issues } = error;
    if (Array.isArray(issues) && issues.length > 0) return issues;
  }
  return [{ path: "", message: sentence(reasonOf(error)) }];
}

/** First line of an error's message, because users get no stack trace. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0] || "The family refuses these parameters";
}
