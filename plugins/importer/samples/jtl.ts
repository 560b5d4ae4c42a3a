/**
 * Results of JMeter, `.jtl`, as CSV and as XML.
 *
 * @module
 */
import { delimiterOf, JoinedLines } from "./cells.ts";
import type { LineFormat, LineReader, ReadContext } from "./format.ts";
import { Groups } from "./groups.ts";
import type { Reading } from "./series.ts";

/** Columns of a file without their names: the first ones that JMeter writes. */
const DEFAULT_COLUMNS = [
  ...["timeStamp", "elapsed", "label", "responseCode", "responseMessage"],
  ...["threadName", "dataType", "success"],
];

const ALLOWED = "elapsed as a whole number of ms";

/** Results as CSV. */
export const jtlCsv: LineFormat = {
  name: "jtl",
  title: "results of JMeter",
  matches: (head) => {
    const [first] = head.split("\n", 1);
    return /(?:^|[,;\t])"?timeStamp"?[,;\t]"?elapsed"?/.test(first) ||
      /^\d{13}[,;\t]\d+[,;\t][^,;\t]*[,;\t]\d{0,3}[,;\t]/.test(first);
  },
  lines: (context) => new JtlReader(context),
};

class JtlReader implements LineReader {
  readonly #context: ReadContext;
  readonly #groups: Groups;
  #lines: JoinedLines | undefined;
  #names: readonly string[] | undefined;

  constructor(context: ReadContext) {
    this.#context = context;
    this.#groups = new Groups(context);
  }

  take(line: string, number: number): void {
    if (this.#lines === undefined) {
      if (line.trim() === "") return;
      this.#lines = new JoinedLines(delimiterOf(line) ?? ",");
    }
    const row = this.#lines.take(line, number);
    if (row === undefined || row.cells.length === 1 && line.trim() === "") {
      return;
    }
    if (this.#names === undefined) {
      const header = row.cells.includes("timeStamp");
      this.#names = header ? row.cells : DEFAULT_COLUMNS;
      this.#checkColumn(number);
      if (header) return;
    }
    this.#row(row.cells, row.number);
  }

  finish(): Reading {
    const open = this.#lines?.open;
    if (open !== undefined) {
      this.#context.findings.lineError(open, {
        message: "has a quote that does not end",
        allowed: "a whole file",
      });
    }
    return {
      series: this.#groups.series(),
      notes: [`column ${this.#column}, in ms`],
    };
  }

  get #column(): string {
    return this.#context.column ?? "elapsed";
  }

  #checkColumn(number: number): void {
    const names = this.#names ?? [];
    if (names.includes(this.#column)) return;
    this.#context.findings.lineError(number, {
      message: "names no such column",
      value: this.#column,
      allowed: names.join(", "),
    });
  }

  #row(cells: readonly string[], number: number): void {
    const { findings, select } = this.#context;
    const names = this.#names ?? [];
    const named = Object.fromEntries(
      names.map((name, i) => [name, cells[i] ?? ""]),
    );
    const text = named[this.#column] ?? "";
    const elapsed = text.trim() === "" ? NaN : Number(text);
    if (!(elapsed >= 0)) {
      findings.lineError(number, {
        message: "has no duration",
        value: cells.join(","),
        allowed: ALLOWED,
      });
      return;
    }
    if (named.success === "false") {
      findings.leaveOut("failed requests", `line ${number}`);
      return;
    }
    const labels = Object.fromEntries(
      ["label", ...Object.keys(select)]
        .flatMap((name) => name in named ? [[name, named[name]]] : []),
    );
    this.#groups.add(labels, elapsed, number);
  }
}

/** Start of a sample, with its attributes, or its end. */
const SAMPLE =
  /<(?:httpSample|sample)\b([^>]*?)(\/?)>|<\/(?:httpSample|sample)>/g;

/** Attribute of an element. */
const ATTRIBUTE = /\b([a-z]+)="([^"]*)"/g;

/** Results as XML. A sample's attributes are on one line, as JMeter writes them. */
export const jtlXml: LineFormat = {
  name: "jtl-xml",
  title: "results of JMeter as XML",
  matches: (head) => /<testResults\b/.test(head),
  lines: (context) => {
    const { findings, column = "t" } = context;
    const groups = new Groups(context);
    let depth = 0;
    return {
      take: (line, number) => {
        for (const [, attributes, closed] of line.matchAll(SAMPLE)) {
          if (attributes === undefined) {
            depth = Math.max(0, depth - 1);
            continue;
          }
          if (closed === "") depth++;
          if (depth > (closed === "" ? 1 : 0)) {
            // The time of a sample includes that of those within it, such as redirects.
            findings.leaveOut("samples within others", `line ${number}`);
            continue;
          }
          const found: Record<string, string> = {};
          for (const [, name, value] of attributes.matchAll(ATTRIBUTE)) {
            found[name] = withoutEntities(value);
          }
          const elapsed = found[column] === undefined
            ? NaN
            : Number(found[column]);
          if (!(elapsed >= 0)) {
            findings.lineError(number, {
              message: `has a sample without the attribute ${column}`,
              value: line.trim(),
              allowed: 'a sample such as <httpSample t="120" lb="Home" …>',
            });
          } else if (found.s === "false") {
            findings.leaveOut("failed requests", `line ${number}`);
          } else groups.add({ label: found.lb ?? "" }, elapsed, number);
        }
      },
      finish: () => ({ series: groups.series(), notes: [] }),
    };
  },
};

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function withoutEntities(text: string): string {
  return text.replace(
    /&(\w+);/g,
    (entity, name: string) => ENTITIES[name] ?? entity,
  );
}
