/**
 * Source files as tests look at them: parsed by Deno's own linter, so that comments and strings never look like code.
 *
 * @module
 */
import { root, sources } from "../tools/run.ts";

/** An import, of whatever kind. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** True where only types come through it. */
  readonly typeOnly: boolean;
  /** Where the specifier stands in the text, its quotes included. */
  readonly range: readonly [from: number, to: number];
}

/** What a rule needs to know of one file. */
export interface Source {
  /** Relative to the repository. */
  readonly path: string;
  /** Its text. */
  readonly text: string;
  /** All imports and re-exports, dynamic ones with a literal name included. */
  readonly imports: readonly Import[];
  /** Global names it refers to, members as `Date.now`, without a leading `globalThis.`. */
  readonly references: ReadonlySet<string>;
  /** All string literals. */
  readonly strings: ReadonlySet<string>;
}

/** Parses one file. */
export function parse(path: string, text: string): Source {
  const imports: Import[] = [];
  const references = new Set<string>();
  const strings = new Set<string>();
  const add = (
    literal: { value: unknown; range: Deno.lint.Range } | null,
    typeOnly: boolean,
  ) => {
    if (typeof literal?.value !== "string") return;
    const { value: specifier, range } = literal;
    imports.push({ specifier, typeOnly, range });
  };
  Deno.lint.runPlugin(
    collector({
      ImportDeclaration: (node) =>
        add(
          node.source,
          node.importKind === "type" || (node.specifiers.length > 0 &&
            node.specifiers.every((s) =>
              s.type === "ImportSpecifier" && s.importKind === "type"
            )),
        ),
      ExportNamedDeclaration: (node) =>
        add(node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node) =>
        add(node.source, node.exportKind === "type"),
      ImportExpression: (node) => {
        if (node.source.type === "Literal") add(node.source, false);
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
      },
    }),
    path,
    text,
  );
  return { path, text, imports, references, strings };
}

function collector(visitor: Deno.lint.LintVisitor): Deno.lint.Plugin {
  return { name: "house", rules: { collect: { create: () => visitor } } };
}

/** `a.b.c` in full; undefined where it starts with something else than a name, or computes a key. */
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

/** Whether an identifier reads a variable; a key, a member's name or a declaration does not. */
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

/** All TypeScript files under some folders, parsed. */
export async function parseAll(...folders: string[]): Promise<Source[]> {
  const paths = await sources(...folders);
  return await Promise.all(
    paths.map(async (path) =>
      parse(path, await Deno.readTextFile(`${root}/${path}`))
    ),
  );
}
