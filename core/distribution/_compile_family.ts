/**
 * From a family and its parameters, as a user wrote them, to a distribution.
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

/** The parameters' schemas of families, each made once. */
export class FamilySchemas {
  readonly #kit: Kit;
  readonly #schemas = new Map<Family, Schema>();

  /**
   * Makes no schema yet.
   *
   * @param kit what the schemas are made with
   */
  constructor(kit: Kit) {
    this.#kit = kit;
  }

  /**
   * The schema of a family's parameters.
   *
   * @throws PerfmockError `PLUGIN_INVALID` where the family cannot make it
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

/** What a distribution is made of, so far as it was read. */
export interface Compilation {
  /** The family. */
  readonly family: Family;
  /** The schema of its parameters. */
  readonly schema: Schema;
  /** The parameters as written. */
  readonly raw: unknown;
}

/** Parses the parameters; the paths of faults begin with the family's name. */
export function readParameters(
  { family, schema, raw }: Compilation,
): Validation<unknown> {
  return validate(schema, raw, toPointer([family.name]));
}

/** Makes the distribution; whatever the family throws becomes a fault of the parameters. */
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
      issues: faultsOf(error).map((issue) => ({
        ...issue,
        path: toPointer([family.name]) + issue.path,
        value: issue.value ?? showable(lookUp(raw, fromPointer(issue.path))),
      })),
    };
  }
}

function faultsOf(error: unknown): readonly Issue[] {
  if (error instanceof Error && "issues" in error) {
    const { issues } = error;
    if (Array.isArray(issues) && issues.length > 0) return issues;
  }
  return [{ path: "", message: sentence(reasonOf(error)) }];
}

/** The first line of what was thrown: users get no stack trace. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0] || "The family refuses these parameters";
}
