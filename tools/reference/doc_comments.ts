/**
 * Doc comments of interfaces.
 *
 * @module
 */
import { root } from "../run.ts";

/** A member of an interface. */
export interface Member {
  /** Name. */
  readonly name: string;
  /** True if it may be absent. */
  readonly optional: boolean;
  /** Doc comment up to its first tag, on one line. */
  readonly text: string;
}

/**
 * Reads the members of an interface. `deno fmt` and the rules of the house see to the form that is searched for: two spaces before each
 * member, and a comment above it.
 *
 * @throws Error if there is no such interface, or it has no members
 */
export async function documentedMembers(
  path: string,
  type: string,
): Promise<Member[]> {
  const text = await Deno.readTextFile(`${root}/${path}`);
  const members = membersIn(text, type);
  if (members.length === 0) {
    throw new Error(`${path} has no members of ${type}`);
  }
  return members;
}

/** Finds the members of an interface in the text of a file. */
export function membersIn(text: string, type: string): Member[] {
  const body = new RegExp(
    `^export interface ${type}\\b[^]*?\\{\\n([^]*?)^\\}`,
    "m",
  ).exec(text)?.[1] ?? "";
  const found = body.matchAll(
    /^ {2}\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}(?:readonly )?(\[[\w.]+\]|\w+)(\?)?/gm,
  );
  return Array.from(found, ([, comment, name, mark]) => ({
    name,
    optional: mark === "?",
    text: withoutTags(comment),
  }));
}

function withoutTags(comment: string): string {
  return comment.split("\n").map((line) => line.replace(/^\s*\* ?/, ""))
    .join(" ").replaceAll(/\s+/g, " ").trim()
    .replace(/(^| )@(param|returns|throws|example|see)\b.*$/, "")
    .replaceAll(/\{@linkcode ([^}]+)\}/g, "`$1`").trim();
}
