/**
 * Pages of the documentation and their code blocks, and a small reader of shell commands.
 *
 * @module
 */
import { root } from "../../tools/run.ts";

/** A fenced block of a page. */
export interface Block {
  /** Path of the page, relative to the repository. */
  readonly page: string;
  /** Line of the fence, from 1. */
  readonly line: number;
  /** Text after the fence: language and attributes; empty for plain output. */
  readonly language: string;
  /** Text within. */
  readonly code: string;
}

/** A command of a shell block. */
export interface ShellCommand {
  /** Words after expansion of quotes; variables are left as they are. */
  readonly words: readonly string[];
  /** The command as written, its comment included. */
  readonly text: string;
}

/** Reads all pages: README and CONTRIBUTING, docs, and the README of each example; by path. */
export async function readPages(): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const walk = async (folder: string, deep: boolean) => {
    for await (const entry of Deno.readDir(`${root}/${folder}`)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory && deep && entry.name !== "node_modules") {
        await walk(`${path}/`, deep);
      } else if (entry.isFile && entry.name.endsWith(".md")) {
        pages.set(path, await Deno.readTextFile(`${root}/${path}`));
      }
    }
  };
  await walk("", false);
  await walk("docs/", true);
  await walk("examples/", true);
  return new Map([...pages].toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** Finds the fenced blocks of a page. */
export function blocksIn(page: string, text: string): Block[] {
  return Array.from(
    text.matchAll(/^```(.*)\n([^]*?)^```$/gm),
    ({ 1: language, 2: code, index }) => ({
      page,
      line: text.slice(0, index).split("\n").length,
      language,
      code,
    }),
  );
}

/**
 * Reads the commands of a shell block: words, quotes, continued lines, comments.
 *
 * @throws Error for what it does not know: a quote without an end
 */
export function commandsIn(code: string): ShellCommand[] {
  const commands: ShellCommand[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let from = 0;
  let at = 0;
  const endWord = () => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endCommand = () => {
    endWord();
    const text = code.slice(from, at).trim();
    if (words.length > 0) commands.push({ words, text });
    words = [];
    from = at + 1;
  };
  for (; at < code.length; at++) {
    const character = code[at];
    if (character === "\\") {
      at++;
      if (code[at] !== "\n") word = (word ?? "") + code[at];
    } else if (character === "'" || character === '"') {
      const end = code.indexOf(character, at + 1);
      if (end < 0) throw new Error(`A quote has no end: ${code.slice(at)}`);
      word = (word ?? "") + code.slice(at + 1, end);
      at = end;
    } else if (character === "#" && word === undefined) {
      const end = code.indexOf("\n", at);
      at = end < 0 ? code.length : end;
      endCommand();
    } else if (character === "\n") endCommand();
    else if (/\s/.test(character)) endWord();
    else word = (word ?? "") + character;
  }
  endCommand();
  return commands;
}
