/**
 * Tables of settings, from a JSON Schema: one row a key, with its value, its default and its meaning.
 *
 * @module
 */
import { anchorOf, code, table } from "./markdown.ts";

/** A JSON Schema, with nothing known about its keywords. */
export type Node = Readonly<Record<string, unknown>>;

/** Places of the tables of types that several schemas share. */
export interface SharedTypes {
  /** Link of the definitions that have pages of their own, by name. */
  readonly links: Readonly<Record<string, string>>;
  /** Link of signals. */
  readonly signals: string;
}

/** Begin of the description of the object form of a signal. */
const SIGNAL = "A signal, whose one key is of";

/** Keys that tell alternatives apart. */
const KINDS = ["executor", "model", "action"];

/** Writes the tables of one schema. */
export class SchemaTables {
  readonly #root: Node;
  readonly #shared: SharedTypes;
  readonly #sections: string[] = [];
  /** Anchors of tables that were written, by the schema as text: a second place refers to the first. */
  readonly #written = new Map<string, string>();
  #waiting: (() => void)[] = [];

  constructor(root: Node, shared: SharedTypes) {
    this.#root = root;
    this.#shared = shared;
  }

  /**
   * Writes the tables of an object and of all objects in it.
   *
   * @param node schema of the object
   * @param path its place, as users write it; empty for the whole
   * @param title heading of the first table
   */
  write(node: Node, path: string, title: string): string {
    this.#object(node, path, title);
    // Breadth first: the keys of an object come before those of its parts.
    while (this.#waiting.length > 0) {
      const next = this.#waiting;
      this.#waiting = [];
      for (const write of next) write();
    }
    return this.#sections.splice(0).join("\n");
  }

  /** Says in words what a value of the whole schema may be. */
  valueOf(path: string): string {
    return this.#value(this.#root, path);
  }

  #object(node: Node, path: string, title: string): void {
    const required = new Set(listOf(node.required));
    const rows = entriesOf(node.properties).map(([key, part]) => {
      const place = path === "" ? key : `${path}.${key}`;
      const about = this.#resolved(part);
      const { default: fallback } = { ...about, ...part };
      return [
        code(key),
        this.#value(part, place),
        required.has(key)
          ? "required"
          : fallback === undefined || isEmpty(fallback)
          ? ""
          : code(JSON.stringify(fallback)),
        String(part.description ?? about.description ?? ""),
      ];
    });
    const free = this.#freeRow(node, path);
    const described = typeof node.description === "string"
      ? `${node.description}.\n\n`
      : "";
    this.#sections.push(
      `## ${title}\n\n${described}${
        table(
          ["key", "value", "default", "meaning"],
          free === undefined ? rows : [...rows, free],
        )
      }`,
    );
  }

  /** Row for keys that users choose. */
  #freeRow(node: Node, path: string): readonly string[] | undefined {
    const { additionalProperties } = node;
    if (!isNode(additionalProperties)) return undefined;
    return [
      "any name",
      this.#value(additionalProperties, `${path}.NAME`),
      "",
      String(additionalProperties.description ?? ""),
    ];
  }

  /** Says in words what a setting may be, and sees to it that objects within have tables. */
  #value(node: Node, path: string): string {
    const words = this.#words(node, path);
    return words.length === 0 ? "any value" : [...new Set(words)].join(" or ");
  }

  #words(node: Node, path: string): string[] {
    if (typeof node.$ref === "string") return this.#reference(node.$ref, path);
    const quantity = quantityOf(node);
    if (quantity !== undefined) return [quantity];
    if ("const" in node) return [code(JSON.stringify(node.const))];
    if (Array.isArray(node.enum)) {
      return node.enum.map((value) => code(JSON.stringify(value)));
    }
    const parts = [...listOf(node.anyOf), ...listOf(node.oneOf)].filter(isNode);
    if (parts.length > 0) {
      return parts.flatMap((part) => this.#words(part, path));
    }
    switch (node.type) {
      case "boolean":
        return [code("true"), code("false")];
      case "integer":
        return ["whole number"];
      case "string":
        return ["text"];
      case "array": {
        const items = isNode(node.items) ? node.items : {};
        return [`list of ${this.#value(items, `${path}[]`)}`];
      }
      case "object":
        return [this.#link(node, path)];
    }
    return typeof node.type === "string" ? [node.type] : [];
  }

  #reference(reference: string, path: string): string[] {
    const name = reference.slice(reference.lastIndexOf("/") + 1);
    const link = this.#shared.links[name];
    if (link !== undefined) return [link];
    const node = this.#resolved({ $ref: reference });
    // A type that contains itself has its words where it is reached first.
    const known = this.#written.get(reference);
    if (known !== undefined) return [known];
    this.#written.set(reference, "the same again");
    const words = this.#words(node, path);
    this.#written.set(reference, words.join(" or "));
    return words;
  }

  #link(node: Node, path: string): string {
    const { description, properties, additionalProperties } = node;
    if (String(description ?? "").startsWith(SIGNAL)) {
      return this.#shared.signals;
    }
    if (
      !isNode(properties) && isNode(additionalProperties) &&
      !isEmpty(additionalProperties)
    ) {
      return `${this.#value(additionalProperties, `${path}.NAME`)} by name`;
    }
    if (!isNode(properties)) return "object";
    // Signals of two owners have definitions of different names, and mean the same.
    const same = JSON.stringify(node)
      .replaceAll(/#\/\$defs\/[^"]*__schema/g, "");
    const known = this.#written.get(same);
    if (known !== undefined) return known;
    const kind = KINDS.find((key) => {
      const part = properties[key];
      return isNode(part) && "const" in part;
    });
    const value = kind === undefined ? undefined : properties[kind] as Node;
    const title = value === undefined
      ? code(path)
      : `${code(path)}, ${kind} ${code(String(value.const))}`;
    const link = `[${
      value === undefined ? "object" : code(String(value.const))
    }](#${anchorOf(title)})`;
    this.#written.set(same, link);
    this.#waiting.push(() => this.#object(node, path, title));
    return link;
  }

  #resolved(node: Node): Node {
    if (typeof node.$ref !== "string") return node;
    const found = node.$ref.split("/").slice(1).reduce<unknown>(
      (place, name) => isNode(place) ? place[name] : undefined,
      this.#root,
    );
    return isNode(found) ? found : {};
  }
}

/** Name of a kind of numbers that are written with a unit; undefined for any other setting. */
function quantityOf(node: Node): string | undefined {
  const [first] = listOf(node.anyOf);
  const pattern = isNode(first) && typeof first.pattern === "string"
    ? first.pattern
    : "";
  if (pattern.includes("|ms|")) return "duration";
  if (pattern.includes("KMGT")) {
    return pattern.includes("/s") ? "bandwidth" : "size";
  }
  return pattern.includes("/(s|m|h)") ? "rate" : undefined;
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null &&
    Object.keys(value).length === 0;
}

/** True for an object that is not a list. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function entriesOf(value: unknown): (readonly [string, Node])[] {
  return isNode(value)
    ? Object.entries(value).map(([key, part]) =>
      [key, isNode(part) ? part : {}] as const
    )
    : [];
}
