/**
 * TypeScript types from a JSON Schema, for the npm package: an editor completes each key, and a misspelt one is an error.
 *
 * @module
 */

/** A JSON Schema, as far as perfmock writes one. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: { readonly pattern?: string };
  readonly items?: JsonSchema;
}

/** Types that the schema's are made of, in a file of their own. */
const OTHERS = `import type { Patch, PluginRouteKeys } from "./patch.ts";
export type * from "./patch.ts";

/** Presets of a configuration, by name. */
export type PresetsInput = {
  readonly [name: string]: Patch<Omit<PerfmockInput, "presets" | "routes">> & {
    /** Patches of routes, by id; one with an unknown id and a path is a new route. */
    readonly routes?: { readonly [id: string]: Patch<RouteInput> };
  };
};`;

/**
 * Returns the text of a module with the types of configurations.
 *
 * @param schema JSON Schema of configurations
 */
export function inputTypes(schema: JsonSchema): string {
  const { $defs = {}, properties = {} } = schema;
  const route = properties.routes?.items;
  if (route === undefined) throw new Error("The schema has no routes");
  const whole: JsonSchema = {
    ...schema,
    properties: {
      ...properties,
      presets: {
        ...properties.presets?.description !== undefined && {
          description: properties.presets.description,
        },
        $ref: "#/$defs/PresetsInput",
      },
      routes: { ...properties.routes, items: { $ref: "#/$defs/RouteInput" } },
    },
  };
  return [
    "/**\n * Configurations, as their schema describes them.\n *\n * @module\n */",
    OTHERS,
    declared("PerfmockInput", { description: "A configuration.", ...whole }),
    declared(
      "RouteInput",
      { description: "A route of a configuration.", ...route },
      " extends PluginRouteKeys",
    ),
    ...Object.entries($defs).map(([name, definition]) =>
      declared(typeName(name), definition)
    ),
  ].join("\n\n") + "\n";
}

function declared(name: string, schema: JsonSchema, heritage = ""): string {
  const { description = `Part of a configuration.` } = schema;
  const words = comment(description, "");
  return isObject(schema)
    ? `${words}export interface ${name}${heritage} ${object(schema, "")}`
    : `${words}export type ${name} = ${typeOf(schema, "")};`;
}

/** Name of a definition, such as `ConfigRouteLimiter0` for `config.route.limiter.__schema0`. */
function typeName(definition: string): string {
  return definition.replaceAll("__schema", "")
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

function isObject({ type, anyOf, oneOf }: JsonSchema): boolean {
  return type === "object" && anyOf === undefined && oneOf === undefined;
}

function typeOf(schema: JsonSchema, indent: string): string {
  const { $ref, type, anyOf, oneOf } = schema;
  if ($ref !== undefined) return typeName($ref.replace("#/$defs/", ""));
  if (Object.hasOwn(schema, "const")) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) {
    return union(schema.enum.map((value) => JSON.stringify(value)));
  }
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) {
    return union(choices.map((choice) => typeOf(choice, indent)));
  }
  if (typeof type === "object") {
    return union(type.map((each) => typeOf({ ...schema, type: each }, indent)));
  }
  switch (type) {
    case "object":
      return object(schema, indent);
    case "array": {
      const item = schema.items === undefined
        ? "unknown"
        : typeOf(schema.items, indent);
      return `readonly (${item})[]`;
    }
    case "integer":
    case "number":
      return "number";
    case "string":
    case "boolean":
    case "null":
      return type;
    default:
      return "unknown";
  }
}

function union(types: readonly string[]): string {
  const all = [...new Set(types)];
  return all.length === 0 || all.includes("unknown")
    ? "unknown"
    : all.join(" | ");
}

function object(schema: JsonSchema, indent: string): string {
  const { properties = {}, required = [], additionalProperties } = schema;
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([key, schema]) => {
    const isRequired = required.includes(key);
    const type = typeOf(schema, inner);
    return `${comment(schema.description ?? "", inner)}${inner}readonly ${
      /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)
    }${isRequired ? "" : "?"}: ${
      isRequired || type === "unknown" ? type : `${type} | undefined`
    };`;
  });
  for (
    const [pattern, part] of Object.entries(schema.patternProperties ?? {})
  ) {
    const key = keysLike(pattern);
    if (key === undefined) throw new Error(`Cannot type keys like ${pattern}`);
    lines.push(
      `${inner}readonly [key: ${key}]: ${
        union([typeOf(part, inner), "undefined"])
      };`,
    );
  }
  if (additionalProperties !== false) {
    const key = keysLike(schema.propertyNames?.pattern ?? "") ?? "string";
    // Named keys have to fit the type of all others, which only unknown is sure to do.
    const others = lines.length > 0 || additionalProperties === undefined ||
        additionalProperties === true
      ? "unknown"
      : typeOf(additionalProperties, inner);
    lines.push(`${inner}readonly [key: ${key}]: ${others};`);
  }
  return lines.length === 0
    ? "Record<string, never>"
    : `{\n${lines.join("\n")}\n${indent}}`;
}

/** Type of the keys that a pattern matches: those that begin with a word, or with a word before a number; undefined for others. */
function keysLike(pattern: string): string | undefined {
  const [, start, number] = /^\^([a-z-]+)(.*\\d.*)?$/.exec(pattern) ?? [];
  if (start === undefined) return undefined;
  return `\`${start}\${${number === undefined ? "string" : "number"}}\``;
}

function comment(text: string, indent: string): string {
  if (text === "") return "";
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return `${indent}/** ${sentence.replaceAll("*/", "* /")} */\n`;
}
