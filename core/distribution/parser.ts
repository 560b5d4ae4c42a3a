/**
 * Parses distributions in all written forms: a duration, the name of a profile, an object with one key, and the text form.
 *
 * Families nest through the kit: `kit.distribution()` in a family's parameters calls this parser again.
 *
 * @module
 */
import {
  alternatives,
  createKit,
  fromPointer,
  kindInWords,
  meant,
  parseDuration,
  showable,
  suggestDuration,
  suggestDurationUnits,
  toPointer,
  type Validation,
} from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Distribution, Family, Kit, Schema } from "../plugin.ts";
import { FamilySchemas, make, readParameters } from "./_family.ts";
import { meantCall, meantRange } from "./_meant.ts";
import {
  DEEPEST,
  type Findings,
  type ProfileEntry,
  Profiles,
  tooDeep,
  UNUSABLE,
} from "./_profiles.ts";
import { Warnings } from "./_warnings.ts";
import { parseTextForm } from "./text_form.ts";

export type { Findings, ProfileEntry } from "./_profiles.ts";

/** Options of a {@linkcode DistributionParser}. */
export interface DistributionParserOptions {
  /** Families by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Profiles by name. */
  readonly profiles: ReadonlyMap<string, ProfileEntry>;
  /** Absolute path of the folder to which paths in distributions are relative. */
  readonly folder: string;
}

/**
 * Compiles distributions as users write them, and provides the {@linkcode Kit} for the schemas of their parameters.
 *
 * A profile is compiled once, when it is first referred to. Only {@linkcode DistributionParser.profileFindings} reports its
 * errors: a reference to a profile with errors parses without issues, into a distribution that throws on each draw.
 */
export class DistributionParser {
  /** Types of settings that use these families, profiles and folder. */
  readonly kit: Kit;
  /** Families by name. */
  readonly families: ReadonlyMap<string, Family>;
  readonly #schemas: FamilySchemas;
  readonly #profiles: Profiles;
  readonly #warnings = new Warnings();
  #depth = 0;

  /**
   * Creates a parser without compiling anything.
   *
   * @param options families, profiles and folder
   */
  constructor({ families, profiles, folder }: DistributionParserOptions) {
    this.families = families;
    this.kit = createKit({
      folder,
      distribution: (value) => this.parse(value),
    });
    this.#schemas = new FamilySchemas(this.kit);
    this.#profiles = new Profiles(profiles, (value) => this.parse(value));
  }

  /**
   * Compiles a distribution.
   *
   * @param value a number of milliseconds, a duration, the name of a profile, a text such as `normal(mean=1s, sd=50ms)`, or an
   * object with one key, which is a family
   * @returns the distribution, or all errors with paths relative to the value
   * @throws PerfmockError `PLUGIN_INVALID` if the schema of a family fails
   */
  parse(value: unknown): Validation<Distribution> {
    if (typeof value === "number") return this.#constant(value, value);
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return this.#object(value);
    }
    return this.#issue(value, {
      message: value === undefined
        ? "Missing"
        : `Expected a distribution, received ${kindInWords(value)}`,
    });
  }

  /**
   * Compiles a distribution for immediate use.
   *
   * @param value see {@linkcode DistributionParser.parse}
   * @throws PerfmockError `CONFIG_INVALID` with all errors, with paths relative to the value
   */
  compile(value: unknown): Distribution {
    const result = this.parse(value);
    const issues = result.issues ??
      (result.value === UNUSABLE
        ? [{ path: "", message: "Refers to a profile that has errors", value }]
        : []);
    if (result.issues === undefined && issues.length === 0) return result.value;
    throw new PerfmockError(
      "CONFIG_INVALID",
      `Cannot use the distribution: ${issues[0].message}`,
      issues,
    );
  }

  /** Returns the schema of a family's parameters. */
  schemaOf(family: Family): Schema {
    return this.#schemas.of(family);
  }

  /**
   * Compiles all profiles.
   *
   * @returns their errors and warnings, with paths in the configuration. A plugin whose options contain profiles may report
   * the same errors at the same paths; callers should report equal ones once.
   */
  profileFindings(): Findings {
    return this.#profiles.findings((distribution, path) =>
      this.#warnings.of(distribution, path)
    );
  }

  /**
   * Returns the warnings of all distributions within a parsed value, except those of profiles it refers to.
   *
   * @param parsed result of a schema; distributions are searched in lists and plain objects
   * @param path JSON Pointer to the value, prefixed to the path of each warning
   */
  warningsIn(parsed: unknown, path: string): readonly Issue[] {
    return this.#warnings.within(parsed, path);
  }

  #text(text: string): Validation<Distribution> {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined) return this.#constant(milliseconds, text);
    if (this.#profiles.has(text)) return this.#profile(text);
    if (text.includes("(")) return this.#textForm(text);
    const duration = suggestDuration(text) ?? suggestDurationUnits(text) ??
      meantRange(text);
    if (duration !== undefined || /^\s*[+-]?\.?\d/u.test(text)) {
      return this.#issue(text, {
        message: `Cannot read ${JSON.stringify(text)} as a duration`,
        suggestion: duration,
      });
    }
    if (this.families.has(text)) {
      return this.#issue(text, {
        message: `Cannot use the family "${text}" without parameters`,
        allowed: `${text}(…) or {"${text}": {…}}`,
      });
    }
    return this.#issue(text, {
      message: `Unknown profile ${JSON.stringify(text)}`,
      suggestion: this.#suggest(text),
    });
  }

  #textForm(text: string): Validation<Distribution> {
    const form = parseTextForm(text);
    const result = form.issues === undefined ? this.parse(form.value) : form;
    if (result.issues !== undefined) {
      const named = meantCall(text, {
        families: this.families,
        schemaOf: (family) => this.schemaOf(family),
        fits: (text) => this.parse(text).issues === undefined,
      });
      const issues = result.issues.map(ontoText);
      return named === undefined
        ? { issues }
        : { issues: [{ ...issues[0], suggestion: named }] };
    }
    this.#warnings.rewrite(result.value, ontoText);
    return result;
  }

  #object(value: object): Validation<Distribution> {
    const keys = Object.keys(value);
    if (keys.length !== 1) {
      return this.#issue(value, {
        message:
          `Expected an object with one key, the family, received ${keys.length} keys`,
        suggestion: this.#familyAsKey(value),
      });
    }
    const [name] = keys;
    const raw: unknown = Reflect.get(value, name);
    const family = this.families.get(name);
    if (family !== undefined) return this.#family(family, raw);
    return this.#issue(raw, {
      path: toPointer([name]),
      message: `Unknown family ${JSON.stringify(name)}`,
      suggestion: this.#suggest(name),
    });
  }

  /** Returns the form of a distribution whose family is the value of a key, as in other tools; undefined for anything else. */
  #familyAsKey(value: object): string | undefined {
    const [key, name] =
      Object.entries(value).find(([key, name]) =>
        /^(type|distribution|family|kind|name)$/.test(key) &&
        typeof name === "string"
      ) ?? [];
    if (key === undefined) return undefined;
    const family = this.families.has(name) ? name : this.#suggest(name);
    if (family === undefined || !this.families.has(family)) return undefined;
    const parameters = Object.keys(value).filter((other) => other !== key)
      .map((other) => `${other}: …`).join(", ");
    return `{ ${family}: { ${parameters} } }`;
  }

  /** Compiles a duration, which is short for the family `constant`. */
  #constant(milliseconds: number, written: unknown): Validation<Distribution> {
    const family = this.families.get("constant");
    if (family === undefined) {
      return this.#issue(written, {
        message:
          'Cannot read a duration as a distribution: there is no family "constant"',
      });
    }
    const result = this.#family(family, { value: milliseconds });
    if (result.issues === undefined) return result;
    return {
      issues: result.issues.map((issue) => ({
        ...issue,
        path: "",
        value: written,
      })),
    };
  }

  #profile(name: string): Validation<Distribution> {
    const use = this.#profiles.use(name, this.#depth);
    if (use.issues === undefined && use.value !== UNUSABLE) {
      this.#warnings.markProfile(use.value);
    }
    return use;
  }

  #family(family: Family, raw: unknown): Validation<Distribution> {
    if (this.#depth >= DEEPEST) return tooDeep();
    const compilation = { family, schema: this.#schemas.of(family), raw };
    const unusable = this.#profiles.unusable;
    this.#depth++;
    this.#profiles.reach(this.#depth);
    let parameters: Validation<unknown>;
    try {
      parameters = readParameters(compilation);
    } finally {
      this.#depth--;
    }
    if (parameters.issues !== undefined) return parameters;
    if (this.#profiles.unusable > unusable) return { value: UNUSABLE };
    const result = make(compilation, parameters.value);
    if (result.issues === undefined) {
      this.#warnings.record(result.value, parameters.value);
    }
    return result;
  }

  #suggest(name: string): string | undefined {
    return meant(name, [...this.#profiles.names(), ...this.families.keys()]);
  }

  #issue(
    value: unknown,
    issue: Partial<Issue> & Pick<Issue, "message">,
  ): Validation<Distribution> {
    const { path = "", allowed = this.#allowed(), ...rest } = issue;
    const shown = showable(value);
    const received = shown === undefined ? {} : { value: shown };
    return { issues: [{ path, ...received, allowed, ...rest }] };
  }

  /** All written forms of a distribution, in words. */
  #allowed(): string {
    const profiles = [...this.#profiles.names()];
    return [
      'a duration such as "120ms"',
      ...profiles.length > 0
        ? [`a profile, which is ${alternatives(profiles)}`]
        : [],
      `a family with its parameters, which is ${
        alternatives(this.families.keys())
      }`,
    ].join("; ");
  }
}

/** Moves the place of an issue within a text form into the message, because no JSON Pointer leads into a text. */
function ontoText(issue: Issue): Issue {
  const place = fromPointer(issue.path).join(".");
  const message = place === ""
    ? issue.message
    : `${issue.message} (at ${place})`;
  return { ...issue, path: "", message };
}
