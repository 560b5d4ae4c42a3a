/**
 * Reads distributions in all their written forms: a duration, a profile's name, a single-key object, the text form.
 *
 * Families nest through the kit: a family's parameters may ask for `kit.distribution()`, which leads back here.
 *
 * @module
 */
import {
  alternatives,
  createKit,
  fromPointer,
  kindInWords,
  parseDuration,
  showable,
  suggest,
  suggestDuration,
  toPointer,
  type Validation,
} from "../config/mod.ts";
import { type Issue, PerfmockError } from "../errors.ts";
import type { Distribution, Family, Kit, Schema } from "../plugin.ts";
import { FamilySchemas, make, readParameters } from "./_compile_family.ts";
import { DEEPEST, tooDeep } from "./_depth.ts";
import { type Findings, type ProfileEntry, Profiles } from "./_profiles.ts";
import { UNUSABLE } from "./_unusable.ts";
import { WarningBook } from "./_warning_book.ts";
import { parseTextForm } from "./text_form.ts";

export type { Findings, ProfileEntry } from "./_profiles.ts";

/** What a parser knows. */
export interface ParserParts {
  /** The families, by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** The profiles, by name. */
  readonly profiles: ReadonlyMap<string, ProfileEntry>;
  /** The absolute folder from which the paths in distributions start. */
  readonly folder: string;
}

/**
 * Compiles distributions as users write them, and is the source of the {@linkcode Kit} that their parameters are made of.
 *
 * Profiles are compiled when they are first named, and once. A fault within a profile is reported by
 * {@linkcode DistributionParser.profileFindings} alone: what refers to the profile is parsed as if it were sound, into a
 * distribution that throws when it is drawn from.
 */
export class DistributionParser {
  /** The types of settings, bound to these families, profiles and folder. */
  readonly kit: Kit;
  /** The families, by name. */
  readonly families: ReadonlyMap<string, Family>;
  readonly #schemas: FamilySchemas;
  readonly #profiles: Profiles;
  readonly #book = new WarningBook();
  #depth = 0;

  /**
   * Compiles nothing yet.
   *
   * @param parts families, profiles and folder
   */
  constructor({ families, profiles, folder }: ParserParts) {
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
   * @param value a number of milliseconds, a duration, a profile's name, a text such as `normal(mean=1s, sd=50ms)`, or an
   * object whose one key is a family
   * @returns the distribution, or all its faults with paths relative to the value
   * @throws PerfmockError `PLUGIN_INVALID` where a family's schema itself fails
   */
  parse(value: unknown): Validation<Distribution> {
    if (typeof value === "number") return this.#constant(value, value);
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return this.#object(value);
    }
    return this.#fault(value, {
      message: value === undefined
        ? "Missing"
        : `Expected a distribution, received ${kindInWords(value)}`,
    });
  }

  /**
   * Compiles a distribution that is to be used at once.
   *
   * @param value as {@linkcode DistributionParser.parse} takes it
   * @throws PerfmockError `CONFIG_INVALID` with all faults, paths relative to the value
   */
  compile(value: unknown): Distribution {
    const result = this.parse(value);
    const issues = result.issues ??
      (result.value === UNUSABLE
        ? [{ path: "", message: "Refers to a profile that is faulty", value }]
        : []);
    if (result.issues === undefined && issues.length === 0) return result.value;
    throw new PerfmockError(
      "CONFIG_INVALID",
      `Cannot use the distribution: ${issues[0].message}`,
      issues,
    );
  }

  /** The schema of a family's parameters, made once. */
  schemaOf(family: Family): Schema {
    return this.#schemas.of(family);
  }

  /**
   * Compiles all profiles.
   *
   * @returns all that is to be said of them, under the paths where they are written. A plugin whose options hold profiles
   * may report the same faults at the same paths: report equal ones once.
   */
  profileFindings(): Findings {
    return this.#profiles.findings((distribution, path) =>
      this.#book.of(distribution, path)
    );
  }

  /**
   * The warnings of all distributions within a parsed value, profiles that are merely named left out.
   *
   * @param parsed what a schema made of a user's value: distributions are found in lists and plain objects
   * @param path a JSON Pointer to the value, put before the path of each warning
   */
  warningsIn(parsed: unknown, path: string): readonly Issue[] {
    return this.#book.within(parsed, path);
  }

  #text(text: string): Validation<Distribution> {
    const milliseconds = parseDuration(text);
    if (milliseconds !== undefined) return this.#constant(milliseconds, text);
    if (this.#profiles.has(text)) return this.#profile(text);
    if (text.includes("(")) return this.#textForm(text);
    const duration = suggestDuration(text);
    if (duration !== undefined || /^\s*[+-]?\.?\d/u.test(text)) {
      return this.#fault(text, {
        message: `Cannot read ${JSON.stringify(text)} as a duration`,
        suggestion: duration,
      });
    }
    if (this.families.has(text)) {
      return this.#fault(text, {
        message: `Cannot use the family "${text}" without parameters`,
        allowed: `${text}(…) or {"${text}": {…}}`,
      });
    }
    return this.#fault(text, {
      message: `Unknown profile ${JSON.stringify(text)}`,
      suggestion: this.#suggest(text),
    });
  }

  #textForm(text: string): Validation<Distribution> {
    const form = parseTextForm(text);
    if (form.issues !== undefined) return form;
    const result = this.parse(form.value);
    if (result.issues !== undefined) {
      return { issues: result.issues.map(ontoText) };
    }
    this.#book.rewrite(result.value, ontoText);
    return result;
  }

  #object(value: object): Validation<Distribution> {
    const keys = Object.keys(value);
    if (keys.length !== 1) {
      return this.#fault(value, {
        message:
          `Expected an object with one key, the family, received ${keys.length} keys`,
      });
    }
    const [name] = keys;
    const raw: unknown = Reflect.get(value, name);
    const family = this.families.get(name);
    if (family !== undefined) return this.#family(family, raw);
    return this.#fault(raw, {
      path: toPointer([name]),
      message: `Unknown family ${JSON.stringify(name)}`,
      suggestion: this.#suggest(name),
    });
  }

  /** A duration is short for the family `constant`. */
  #constant(milliseconds: number, written: unknown): Validation<Distribution> {
    const family = this.families.get("constant");
    if (family === undefined) {
      return this.#fault(written, {
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
      this.#book.share(use.value);
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
      this.#book.enter(result.value, parameters.value);
    }
    return result;
  }

  #suggest(name: string): string | undefined {
    return suggest(name, [...this.#profiles.names(), ...this.families.keys()]);
  }

  #fault(
    value: unknown,
    issue: Partial<Issue> & Pick<Issue, "message">,
  ): Validation<Distribution> {
    const { path = "", allowed = this.#allowed(), ...rest } = issue;
    const shown = showable(value);
    const received = shown === undefined ? {} : { value: shown };
    return { issues: [{ path, ...received, allowed, ...rest }] };
  }

  /** What can be written for a distribution, in words. */
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

/** A fault within a text form: no JSON Pointer leads into a text, so the place goes into the sentence. */
function ontoText(issue: Issue): Issue {
  const place = fromPointer(issue.path).join(".");
  const message = place === ""
    ? issue.message
    : `${issue.message} (at ${place})`;
  return { ...issue, path: "", message };
}
