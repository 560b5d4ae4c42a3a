/**
 * Removes secrets from all that a recording writes, and counts what it has removed.
 *
 * @module
 */
import { visit } from "jsonc-parser";
import type { RemovedSecret } from "../../../core/import.ts";
import { isJson } from "../mocks/bodies.ts";
import { SecretNames } from "./secret_names.ts";
import { KnownSecrets, REMOVED, withoutForms } from "./secret_values.ts";

/** Greatest number of names that are counted apart. */
const MOST_NAMES = 1000;

/** Greatest depth of JSON within texts of JSON. */
const DEEPEST = 4;

/** Names that a user has given. */
export interface SecretOptions {
  /** Names whose values are kept although they look like secrets. */
  readonly keep?: readonly string[] | undefined;
  /** Names whose values are removed although they do not. */
  readonly remove?: readonly string[] | undefined;
}

/** Removes secrets. */
export class Secrets {
  readonly #names: SecretNames;
  readonly #known = new KnownSecrets();
  readonly #counts = new Map<
    string,
    { where: string; name: string; count: number }
  >();

  /** Begins with nothing removed. */
  constructor({ keep, remove }: SecretOptions = {}) {
    this.#names = new SecretNames(keep, remove);
  }

  /** Everything that was removed, the most frequent first. */
  get removed(): readonly RemovedSecret[] {
    return [...this.#counts.values()].map((one) => ({ ...one }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  }

  /** Notes the secrets of a request's headers. None of them is written; an answer may repeat them. */
  noteRequest(headers: Iterable<readonly [string, string]>): void {
    for (const [name, value] of headers) {
      const lower = name.toLowerCase();
      if (lower === "cookie") {
        for (const part of value.split(";")) {
          this.#learn(part.slice(part.indexOf("=") + 1).trim());
        }
      } else if (/^(?:proxy-)?authorization$/.test(lower)) {
        const credentials = value.replace(/^\S+\s+/, "");
        this.#learn(credentials);
        if (/^basic\s/i.test(value)) this.#learn(passwordIn(credentials));
      } else if (this.#names.has(name, "header")) this.#learn(value);
      else continue;
      this.#count("headers of requests", lower);
    }
  }

  /** Notes the secrets of a request's body, which is never written. */
  noteBody(text: string, type: string): void {
    this.body(text, type, "bodies of requests");
  }

  /** Removes secrets from the path and the query of a request. */
  target(target: string): string {
    const at = target.indexOf("?");
    const path = at < 0 ? target : target.slice(0, at);
    const query = at < 0 ? "" : target.slice(at + 1);
    const written = path.split("/").map((segment) =>
      this.#decoded(segment, "paths")
    ).join("/");
    return at < 0 ? written : `${written}?${this.#query(query, "queries")}`;
  }

  /** Removes secrets from a header of an answer. */
  header(name: string, value: string): string {
    if (/^set-cookie2?$/i.test(name)) return this.#cookie(value);
    if (this.#names.has(name, "header")) {
      this.#learn(value);
      this.#count("headers of answers", name.toLowerCase());
      return REMOVED;
    }
    return this.#text(value, "headers of answers");
  }

  /** Removes secrets from a body that is text. */
  body(text: string, type: string, where = "bodies of answers"): string {
    if (isJson(type) || /^\s*[{[]/.test(text)) {
      const json = this.#json(text, where, 0);
      if (json !== undefined) return this.#anywhere(json, where);
    }
    if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
      return this.#query(text, where);
    }
    if (/^text\/(?:csv|tab-separated-values)\b/i.test(type)) {
      return this.#text(this.#table(text, where), where);
    }
    if (
      /event-stream|ndjson|jsonl|json-seq/i.test(type)
    ) {
      return text.split("\n").map((line) => {
        // deno-lint-ignore no-control-regex -- JSON sequences have a record separator
        const [, before, rest] = /^((?:data:)?[\s\x1e]*)(.*)$/s.exec(line) ??
          ["", "", line];
        const json = this.#json(rest, where, 0);
        return json === undefined
          ? this.#text(line, where)
          : before + this.#anywhere(json, where);
      }).join("\n");
    }
    const code = /javascript|ecmascript|css/i.test(type);
    const marked = /html|xml|svg/i.test(type)
      ? this.#markup(text, where)
      : text;
    return this.#text(marked, where, code);
  }

  /** Cookies keep their names and attributes, so that a mock can set them, too. */
  #cookie(value: string): string {
    const [pair, ...attributes] = value.split(";");
    const at = pair.indexOf("=");
    const name = at < 0 ? "" : pair.slice(0, at).trim();
    if (this.#names.keeps(name)) return this.#text(value, "cookies");
    this.#learn(pair.slice(at + 1).trim());
    this.#count("cookies", name);
    return [
      `${name}=${REMOVED}`,
      ...attributes.map((one) => this.#anywhere(one, "cookies")),
    ].join(";");
  }

  /** Parameters of a query or a form. */
  #query(query: string, where: string): string {
    return query.split("&").map((part) => {
      const at = part.indexOf("=");
      if (at < 0) return this.#decoded(part, where);
      const name = decoded(part.slice(0, at));
      const value = decoded(part.slice(at + 1));
      if (value === "") return part;
      if (this.#names.has(name, "query")) {
        this.#learn(value);
        this.#count(where, name);
        return `${part.slice(0, at)}=${REMOVED}`;
      }
      return `${this.#decoded(part.slice(0, at), where)}=${
        this.#decoded(part.slice(at + 1), where)
      }`;
    }).join("&");
  }

  /** Removes secrets from a part of a URL, which is encoded again only if it has any. */
  #decoded(part: string, where: string): string {
    const text = decoded(part);
    const json = /^\s*[{[]/.test(text) ? this.#json(text, where, 1) : undefined;
    const clean = this.#anywhere(json ?? text, where);
    return clean === text
      ? this.#anywhere(part, where)
      : encodeURIComponent(clean.toWellFormed());
  }

  /** Replaces secret values of JSON and nothing else, so that numbers keep their digits; undefined where it is no JSON. */
  #json(text: string, where: string, depth: number): string | undefined {
    try {
      if (typeof JSON.parse(text) !== "object") return undefined;
    } catch {
      return undefined;
    }
    const edits: { at: number; length: number; text: string }[] = [];
    // Depth at which the value of a secret name began; everything within is one.
    let level = 0;
    let secret: { readonly name: string; readonly level: number } | undefined;
    let property = "";
    const literal = (value: unknown, at: number, length: number) => {
      const name = secret?.name ??
        (this.#names.has(property, "field") ? property : undefined);
      property = "";
      if (name !== undefined) {
        if (typeof value !== "string" && typeof value !== "number") return;
        if (value === "") return;
        this.#learn(text.slice(at, at + length).replaceAll(/^"|"$/g, ""));
        if (typeof value === "string") this.#learn(value);
        this.#count(where, name);
        edits.push({
          at,
          length,
          text: typeof value === "number" ? "0" : JSON.stringify(REMOVED),
        });
        return;
      }
      if (typeof value === "number") {
        const digits = text.slice(at, at + length);
        if (this.#anywhere(digits, where) !== digits) {
          edits.push({ at, length, text: "0" });
        }
        return;
      }
      if (typeof value !== "string") return;
      const inner = depth < DEEPEST && /^\s*[{[]/.test(value)
        ? this.#json(value, where, depth + 1)
        : undefined;
      const clean = inner === undefined
        ? this.#urls(this.#anywhere(value, where), where)
        : this.#anywhere(inner, where);
      if (clean !== value) {
        edits.push({ at, length, text: JSON.stringify(clean) });
      }
    };
    const open = () => {
      if (secret === undefined && this.#names.has(property, "field")) {
        secret = { name: property, level };
      }
      property = "";
      level++;
    };
    const close = () => {
      level--;
      if (secret?.level === level) secret = undefined;
      property = "";
    };
    try {
      // A list of values belongs to the name of the list.
      visit(text, {
        onObjectBegin: open,
        onObjectEnd: close,
        onArrayBegin: open,
        onArrayEnd: close,
        onObjectProperty: (name) => void (property = name),
        onLiteralValue: literal,
      });
    } catch (error) {
      // It is nested too deeply, and is looked through as a text.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    return spliced(text, edits);
  }

  /** Removes values of elements, of attributes, and of inputs whose names are secret. */
  #markup(text: string, where: string): string {
    const quoted = (name: string, value: string) => {
      const inner = value.slice(1, -1);
      if (inner === "") return value;
      this.#learn(inner);
      this.#count(where, name);
      return `${value[0]}${REMOVED}${value[0]}`;
    };
    return text
      .replaceAll(
        /<((?:[\w.-]{1,64}:)?([\w.-]{1,64}))(\s[^<>]{0,4096})?>([^<]{1,16384})<\/\1>/g,
        (match, tag: string, name: string, attributes = "", value: string) => {
          if (!this.#names.has(name, "field") || value.trim() === "") {
            return match;
          }
          this.#learn(value.trim());
          this.#count(where, name);
          return `<${tag}${attributes}>${REMOVED}</${tag}>`;
        },
      )
      .replaceAll(/<[A-Za-z][^<>]{0,4096}>/g, (tag) => {
        const name = /\s(?:name|id|property|key)\s*=\s*["']([^"']{1,256})["']/i
          .exec(tag)?.[1];
        const isSecret = name !== undefined && this.#names.has(name, "field") ||
          /\stype\s*=\s*["']password["']/i.test(tag);
        return tag.replaceAll(
          /(\s)([\w:.-]{1,64})(\s*=\s*)("[^"]*"|'[^']*')/g,
          (
            match,
            space: string,
            attribute: string,
            sign: string,
            value: string,
          ) =>
            this.#names.has(attribute.replace(/^data-/, ""), "field") ||
              isSecret && /^(?:value|content)$/i.test(attribute)
              ? `${space}${attribute}${sign}${quoted(name ?? attribute, value)}`
              : match,
        );
      });
  }

  /** Removes columns of a table whose heading is a secret name. */
  #table(text: string, where: string): string {
    const [head = ""] = text.split("\n", 1);
    const separator = [";", "\t", ","].find((one) => head.includes(one)) ?? ",";
    const secret = cellsOf(head, separator).map((cell) => unquoted(cell));
    const columns = secret.flatMap((name, index) =>
      this.#names.has(name, "field") ? [{ name, index }] : []
    );
    if (columns.length === 0) return text;
    return text.split("\n").map((line, row) => {
      if (row === 0 || line.trim() === "") return line;
      const cells = cellsOf(line.replace(/\r$/, ""), separator);
      for (const { name, index } of columns) {
        const value = unquoted(cells[index] ?? "");
        if (value === "") continue;
        this.#learn(value);
        this.#count(where, name);
        cells[index] = REMOVED;
      }
      return cells.join(separator) + (line.endsWith("\r") ? "\r" : "");
    }).join("\n");
  }

  /**
   * Removes secrets from text without a structure that is known: pairs of a name and a value, URLs, and what shows by its form.
   *
   * @param code true if only values in quotes count: others are names of variables
   */
  #text(text: string, where: string, code = false): string {
    const lines = text.replaceAll(
      HEADER_LINE,
      (_, name: string, sign: string, value: string) => {
        this.#learn(value.trim());
        this.#count(where, name.toLowerCase());
        return `${name}${sign}${REMOVED}`;
      },
    );
    const named = lines.replaceAll(
      code ? QUOTED_PAIR : PAIR,
      (match, quote: string, name: string, sign: string, value: string) => {
        if (!this.#names.has(name, "field")) return match;
        const mark = /^["']/.exec(value)?.[0] ?? "";
        const inner = mark === "" ? value : value.slice(1, -1);
        // A number or a word of a programming language is no secret here.
        if (inner === "" || /^(?:true|false|null|undefined)$/.test(inner)) {
          return match;
        }
        this.#learn(inner);
        this.#count(where, name);
        return `${quote}${name}${quote}${sign}${mark}${REMOVED}${mark}`;
      },
    );
    return this.#urls(this.#anywhere(named, where), where);
  }

  /** Removes secret parameters of URLs within a text. */
  #urls(text: string, where: string): string {
    return text.replaceAll(
      /([?&;#])([\w.%[\]-]{1,128})=([^&#;\s"'<>\\]{1,16384})/g,
      (match, mark: string, name: string, value: string) => {
        if (!this.#names.has(decoded(name), "query")) return match;
        if (value === REMOVED) return match;
        this.#learn(decoded(value));
        this.#count(where, decoded(name));
        return `${mark}${name}=${REMOVED}`;
      },
    );
  }

  /** Removes what shows by its form, and values that are known. */
  #anywhere(text: string, where: string): string {
    const formless = withoutForms(text, (form) => this.#count(where, form));
    return this.#known.removeFrom(
      formless,
      () => this.#count(where, "values removed elsewhere"),
    );
  }

  #learn(value: string): void {
    if (value !== REMOVED) this.#known.remember(value);
  }

  #count(where: string, name: string): void {
    const key = JSON.stringify([where, name]);
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    if (this.#counts.size < MOST_NAMES) {
      this.#counts.set(key, { where, name: name.slice(0, 128), count: 1 });
    } else if (name !== "others") this.#count(where, "others");
    else this.#counts.set(key, { where, name, count: 1 });
  }
}

/** A line of HTTP whose whole value is a secret. */
const HEADER_LINE =
  /^((?:proxy-)?authorization|(?:set-)?cookie)(:[ \t]{0,8})(\S[^\r\n]{0,8192})/gim;

/** A name, a sign, and a value with or without quotes. */
const PAIR =
  /(["']?)\b([A-Za-z_][\w.-]{1,63})\1(\s{0,8}[:=]\s{0,8})("(?:[^"\\\n]|\\.){1,8192}"|'(?:[^'\\\n]|\\.){1,8192}'|[^\s,;&<>"'(){}[\]]{1,8192})/g;

/** A name, a sign, and a value in quotes. */
const QUOTED_PAIR =
  /(["']?)\b([A-Za-z_][\w.-]{1,63})\1(\s{0,8}[:=]\s{0,8})("(?:[^"\\\n]|\\.){1,8192}"|'(?:[^'\\\n]|\\.){1,8192}')/g;

/** Text of a part of a URL; itself where it is not encoded well. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return part;
  }
}

/** Password in credentials of Basic. */
function passwordIn(credentials: string): string {
  try {
    const pair = atob(credentials);
    return pair.slice(pair.indexOf(":") + 1);
  } catch {
    return "";
  }
}

function spliced(
  text: string,
  edits: readonly { at: number; length: number; text: string }[],
): string {
  let result = "";
  let end = 0;
  for (const { at, length, text: other } of edits) {
    result += text.slice(end, at) + other;
    end = at + length;
  }
  return result + text.slice(end);
}

/** Cells of a line, with their quotes. */
function cellsOf(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    if (character === separator && !isQuoted) {
      cells.push(cell);
      cell = "";
    } else cell += character;
  }
  return [...cells, cell];
}

function unquoted(cell: string): string {
  return cell.trim().replace(/^"(.*)"$/s, "$1").replaceAll('""', '"');
}
