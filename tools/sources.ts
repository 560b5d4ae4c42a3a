/**
 * Parses TypeScript files with Deno's linter, so that comments and strings are not mistaken for code.
 *
 * @module
 */
import { posix } from "node:path";
import { root, sources } from "./run.ts";

/** One import of another module, of any kind. */
export interface Import {
  /** Specifier as written. */
  readonly specifier: string;
  /** True if only types are imported. */
  readonly typeOnly: boolean;
  /** Imported names; `*` for all of them, `import()` for a dynamic import, `new URL()` for a script's address. */
  readonly names: readonly string[];
  /** Position of the specifier in the text, quotes included. */
  readonly range: readonly [from: number, to: number];
}

/** A file and its imports. */
export interface Module {
  /** Path relative to the repository. */
  readonly path: string;
  /** Full text. */
  readonly text: string;
  /**
   * All imports and re-exports: static, dynamic with a literal specifier, types written as `import("…").T`, and scripts
   * addressed as `new URL("….ts", import.meta.url)`.
   */
  readonly imports: readonly Import[];
}

/** One parsed file. */
export interface Source extends Module {
  /** Global names in use, members as `Date.now`, without a leading `globalThis.`. */
  readonly references: ReadonlySet<string>;
  /** All string literals. */
  readonly strings: ReadonlySet<string>;
  /** Syntax in use that Node.js 20 cannot parse, such as `using`. */
  readonly newSyntax: ReadonlySet<string>;
}

/** Public entry points of the package, by name in deno.json's import map. */
const DOORS: Readonly<Record<string, string>> = {
  "@perfmock/perfmock": "mod.ts",
  "@perfmock/perfmock/plugin": "core/plugin.ts",
  "@perfmock/perfmock/find": "core/find.ts",
  "@perfmock/perfmock/import": "core/import.ts",
  "@perfmock/perfmock/load": "core/load.ts",
  "@perfmock/perfmock/testing": "core/testing.ts",
};

/** Resolves a specifier to a path in the repository; undefined for a package. */
export function target(source: Module, specifier: string): string | undefined {
  if (Object.hasOwn(DOORS, specifier)) return DOORS[specifier];
  if (specifier.startsWith("@perfmock/perfmock/")) {
    return specifier.replace("@perfmock/perfmock", "plugins") + "/mod.ts";
  }
  if (!/^\.\.?\//.test(specifier)) return undefined;
  return posix.join(posix.dirname(source.path), specifier);
}

/** Pattern of a regular expression; empty for other literals, whose nodes have the key without a value. */
function patternOf(node: Deno.lint.Literal): string {
  return "regex" in node
    ? (node.regex as { pattern: string } | undefined)?.pattern ?? ""
    : "";
}

/** Modifiers within a regular expression, such as `(?i:a)`. */
const MODIFIERS = /\(\?[ims]*-?[ims]+:/;

/** Parses one file. */
export function parse(path: string, text: string): Source {
  const imports: Import[] = [];
  const references = new Set<string>();
  const strings = new Set<string>();
  const newSyntax = new Set<string>();
  const add = (
    literal: { value: unknown; range: Deno.lint.Range } | null,
    typeOnly: boolean,
    names: readonly string[],
  ) => {
    if (typeof literal?.value !== "string") return;
    const { value: specifier, range } = literal;
    imports.push({ specifier, typeOnly, names, range });
  };
  Deno.lint.runPlugin(
    collector({
      ImportDeclaration: (node) => {
        if (node.attributes.length > 0) newSyntax.add("import attributes");
        add(
          node.source,
          node.importKind === "type" || (node.specifiers.length > 0 &&
            node.specifiers.every((s) =>
              s.type === "ImportSpecifier" && s.importKind === "type"
            )),
          node.specifiers.map((s) =>
            s.type === "ImportSpecifier"
              ? exportName(s.imported)
              : s.type === "ImportDefaultSpecifier"
              ? "default"
              : "*"
          ),
        );
      },
      ExportNamedDeclaration: (node) =>
        add(
          node.source,
          node.exportKind === "type",
          node.specifiers.map((s) => exportName(s.local)),
        ),
      ExportAllDeclaration: (node) =>
        add(node.source, node.exportKind === "type", ["*"]),
      ImportExpression: (node) => {
        if (node.source.type === "Literal") {
          add(node.source, false, ["import()"]);
        }
      },
      TSImportType: (node) => {
        const { argument: type } = node;
        if (type.type === "TSLiteralType" && type.literal.type === "Literal") {
          add(type.literal, true, ["import()"]);
        }
      },
      NewExpression: (node) => {
        const script = scriptAddress(node);
        if (script) add(script, false, ["new URL()"]);
      },
      MemberExpression: (node) => {
        const name = memberName(node);
        if (name) references.add(name);
      },
      Identifier: (node) => {
        if (isReference(node)) references.add(node.name);
      },
      TSQualifiedName: (node) => {
        if (node.left.type === "Identifier") references.add(node.left.name);
      },
      Literal: (node) => {
        if (typeof node.value === "string") strings.add(node.value);
        if (MODIFIERS.test(patternOf(node))) {
          newSyntax.add("modifiers in a regular expression");
        }
      },
      VariableDeclaration: ({ kind }) => {
        if (kind.endsWith("using")) newSyntax.add(kind);
      },
    }),
    path,
    text,
  );
  return { path, text, imports, references, strings, newSyntax };
}

function collector(visitor: Deno.lint.LintVisitor): Deno.lint.Plugin {
  return { name: "house", rules: { collect: { create: () => visitor } } };
}

function exportName(
  name: Deno.lint.Identifier | Deno.lint.StringLiteral,
): string {
  return name.type === "Identifier" ? name.name : name.value;
}

/** The literal of `new URL("./script.ts", import.meta.url)`; undefined for any other expression. */
function scriptAddress(
  { callee, arguments: [address, base] }: Deno.lint.NewExpression,
): Deno.lint.StringLiteral | undefined {
  return callee.type === "Identifier" && callee.name === "URL" &&
      address?.type === "Literal" && typeof address.value === "string" &&
      /^\.\.?\/.*\.ts$/.test(address.value) &&
      base?.type === "MemberExpression" && base.object.type === "MetaProperty"
    ? address as Deno.lint.StringLiteral
    : undefined;
}

/** Returns the full name `a.b.c`; undefined if the expression does not start with a name or has a computed key. */
function memberName(node: Deno.lint.MemberExpression): string | undefined {
  if (node.computed || node.property.type !== "Identifier") return undefined;
  const { object, property } = node;
  if (object.type === "MemberExpression") {
    const outer = memberName(object);
    return outer && `${outer}.${property.name}`;
  }
  if (object.type !== "Identifier") return undefined;
  return object.name === "globalThis"
    ? property.name
    : `${object.name}.${property.name}`;
}

/** Returns true if an identifier reads a variable; keys, member names and declarations do not. */
function isReference(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  switch (parent.type) {
    case "CallExpression":
    case "NewExpression":
    case "ArrayExpression":
    case "AssignmentExpression":
    case "BinaryExpression":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "ReturnStatement":
    case "SpreadElement":
    case "UnaryExpression":
      return true;
    case "MemberExpression":
      return parent.object.range[0] === node.range[0];
    case "VariableDeclarator":
      return parent.init?.range[0] === node.range[0];
    case "Property":
      return parent.value.range[0] === node.range[0] && !parent.shorthand;
    default:
      return false;
  }
}

/** Parses one file of the repository. */
export async function parseFile(path: string): Promise<Source> {
  return parse(path, await Deno.readTextFile(`${root}/${path}`));
}

/** Parses all TypeScript files under some folders. */
export async function parseAll(...folders: string[]): Promise<Source[]> {
  return await Promise.all((await sources(...folders)).map(parseFile));
}
