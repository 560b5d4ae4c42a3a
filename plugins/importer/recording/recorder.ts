/**
 * Turns exchanges into lines of a recording: without secrets, within its limits, each answer once.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  boundedKey,
  type Omission,
  Omissions,
  wallTime,
} from "../../../core/plugin.ts";
import type { RemovedSecret } from "../../../core/import.ts";
import { operationOf } from "../mocks/graphql.ts";
import { isStatus } from "../mocks/statuses.ts";
import { templateByForm } from "../logs/templates.ts";
import { textOfBody } from "./body_text.ts";
import type { AnswerLine, ExchangeLine, RecordingLine } from "./format.ts";
import type { Secrets } from "./secrets.ts";

/** Greatest number of queries of one path whose answers are recorded. */
const MOST_TARGETS = 50;

/** Greatest number of templates that are kept apart. */
const MOST_TEMPLATES = 5000;

/** Greatest number of targets that are known to be without secrets. */
const MOST_CLEAN = 5000;

/** Greatest length of such a target, in characters. */
const LONGEST_CLEAN = 512;

/** Share of the file that bodies may take. */
const SHARE_OF_BODIES = 0.75;

/** An exchange as the proxy saw it. Times are those of the server's clock. */
export interface SeenExchange {
  readonly arrival: number;
  readonly method: string;
  /** Path and query, as the client sent them. */
  readonly target: string;
  readonly requestHeaders: readonly (readonly [string, string])[];
  /** Body of the request; undefined if it is too long, or no text. */
  readonly requestText: string | undefined;
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  /** Body of the answer as it was sent; undefined if it is longer than what is recorded. */
  readonly body: Uint8Array | undefined;
  readonly bytes: number;
  readonly wait: number;
  readonly total: number;
  readonly connect: number;
  readonly inFlight: number;
  readonly pieces: number;
  readonly gaps: readonly number[];
}

/** Limits of a recording. */
export interface RecorderLimits {
  /** Greatest size of the file, in bytes. */
  readonly size: number;
  /** Greatest size of a body, in bytes. */
  readonly body: number;
}

/** Place that lines are written to. */
export interface LineWriter {
  /** Number of bytes written. */
  readonly size: number;
  /** Writes lines. */
  write(...lines: readonly RecordingLine[]): void;
}

/** Answers of one template and status. */
interface Examples {
  /** Answers by target. */
  readonly answers: Map<string, { readonly id: number; readonly hash: string }>;
}

/** Recorder of one upstream. */
export class Recorder {
  readonly #secrets: Secrets;
  readonly #file: LineWriter;
  readonly #limits: RecorderLimits;
  readonly #left = new Omissions();
  readonly #examples = new Map<string, Examples>();
  readonly #clean = new Set<string>();
  #bodies = 0;
  #answers: number;
  #exchanges = 0;

  /** @param answers greatest number of an answer that the file has already */
  constructor(
    { secrets, file, limits, answers = 0 }: {
      readonly secrets: Secrets;
      readonly file: LineWriter;
      readonly limits: RecorderLimits;
      readonly answers?: number;
    },
  ) {
    this.#secrets = secrets;
    this.#file = file;
    this.#limits = limits;
    this.#answers = answers;
  }

  /** Number of exchanges that were written. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** Exchanges, and parts of them, that were not recorded. */
  get leftOut(): readonly string[] {
    return this.#left.lines;
  }

  /** Secrets that were removed. */
  get removed(): readonly RemovedSecret[] {
    return this.#secrets.removed;
  }

  /** True if the file has its greatest size. */
  get isFull(): boolean {
    return this.#file.size >= this.#limits.size;
  }

  /** Counts an exchange, or a part of one, that is not recorded. */
  leave(omission: Omission | string, method: string, target: string): void {
    const one = typeof omission === "string" ? { reason: omission } : omission;
    this.#left.add(one, `${method} ${this.#pathOf(this.#target(target))}`);
  }

  /**
   * Writes an exchange.
   *
   * @throws the system's error
   */
  record(seen: SeenExchange): void {
    const { method, requestHeaders, requestText, status } = seen;
    if (!isStatus(status)) {
      this.leave(`answers of status ${status}`, method, seen.target);
      return;
    }
    this.#secrets.noteRequest(requestHeaders);
    const type = headerIn(requestHeaders, "content-type");
    if (requestText !== undefined && requestText !== "") {
      this.#secrets.noteBody(requestText, type);
    }
    const operation = operationOf(
      new URL(seen.target, "http://upstream"),
      requestText ?? "",
      type,
    );
    const target = this.#target(seen.target);
    const { lines, answer, differs } = this.#answer(
      seen,
      target,
      operation?.name,
    );
    const line: ExchangeLine = {
      kind: "exchange",
      at: Math.round(wallTime(seen.arrival) * 1000) / 1000,
      method,
      target,
      ...type !== "" && { type: type.split(";", 1)[0].trim().toLowerCase() },
      ...operation !== undefined && {
        operation: this.#secrets.target(operation.name).slice(0, 256),
      },
      ...operation?.batch === true && { batch: true },
      status,
      wait: micro(seen.wait),
      total: micro(seen.total),
      ...seen.connect > 0 && { connect: micro(seen.connect) },
      inFlight: seen.inFlight,
      bytes: seen.bytes,
      ...seen.pieces > 1 && { pieces: seen.pieces },
      ...seen.gaps.length > 0 && { gaps: seen.gaps.map(micro) },
      ...answer !== undefined && { answer },
      ...differs === true && { differs },
    };
    this.#file.write(...lines, line);
    this.#exchanges++;
  }

  /** Path and query without secrets. */
  #target(target: string): string {
    if (this.#clean.has(target)) return target;
    const clean = this.#secrets.target(target);
    if (clean === target && target.length <= LONGEST_CLEAN) {
      if (this.#clean.size === MOST_CLEAN) this.#clean.clear();
      this.#clean.add(target);
    }
    return clean;
  }

  #pathOf(target: string): string {
    return target.split("?", 1)[0].slice(0, 200);
  }

  /** The answer that an exchange refers to, and its line if it is new. */
  #answer(
    seen: SeenExchange,
    target: string,
    operation: string | undefined,
  ): {
    readonly lines: readonly AnswerLine[];
    readonly answer?: number;
    readonly differs?: true;
  } {
    const { method, status, body, headers } = seen;
    const template = templateByForm(this.#pathOf(target));
    const key = JSON.stringify([method, template, operation ?? null, status]);
    let examples = this.#examples.get(key);
    if (examples === undefined) {
      if (this.#examples.size >= MOST_TEMPLATES) {
        this.leave(
          `answers of paths beyond the first ${MOST_TEMPLATES}`,
          method,
          target,
        );
        return { lines: [] };
      }
      this.#examples.set(key, examples = { answers: new Map() });
    }
    const coding = headerIn(headers, "content-encoding");
    const hash = body === undefined
      ? `size ${seen.bytes}`
      : `${coding}${coding === "" ? "" : " "}${hashOf(body)}`;
    // Paths that differ in ids have one answer, and so have the variables of an operation: they differ anyway.
    const isOne = operation !== undefined || template !== this.#pathOf(target);
    const place = isOne ? "" : boundedKey(target);
    const known = examples.answers.get(place);
    if (known !== undefined) {
      return known.hash === hash
        ? { lines: [], answer: known.id }
        : { lines: [], ...!isOne && { differs: true } };
    }
    if (examples.answers.size >= MOST_TARGETS) {
      this.leave(
        `answers to further queries of a path, beyond ${MOST_TARGETS}`,
        method,
        template,
      );
      return { lines: [] };
    }
    const line = this.#answerLine(seen, target);
    examples.answers.set(place, { id: line.id, hash });
    return { lines: [line], answer: line.id };
  }

  #answerLine(seen: SeenExchange, target: string): AnswerLine {
    const { method, status, body, bytes, headers } = seen;
    const type = headerIn(headers, "content-type");
    const coding = headerIn(headers, "content-encoding").trim().toLowerCase();
    const decoded = textOfBody(body, {
      type,
      coding,
      most: this.#limits.body,
    });
    let { text } = decoded;
    if (body === undefined && bytes > 0 || decoded.isLong) {
      this.leave(
        `bodies of more than ${this.#limits.body} bytes, of which the size is recorded`,
        method,
        target,
      );
    } else if (decoded.problem !== undefined) {
      this.leave(decoded.problem, method, target);
    }
    if (text !== undefined && text !== "") {
      const room = SHARE_OF_BODIES * this.#limits.size - this.#bodies;
      if (text.length > room) {
        this.leave(
          "bodies beyond three quarters of --max-size, of which the size is recorded",
          method,
          target,
        );
        text = undefined;
      } else {
        text = this.#secrets.body(text, type);
        this.#bodies += text.length;
      }
    }
    return {
      kind: "answer",
      id: ++this.#answers,
      status,
      headers: headers.filter(([name]) =>
        !OF_CONNECTION.has(name.toLowerCase())
      )
        .map(([name, value]) => [name, this.#secrets.header(name, value)]),
      ...text !== undefined && { text },
      size: decoded.size ?? bytes,
      ...CODINGS.has(coding) && { coding },
    };
  }
}

/** Headers of one connection, of one answer, and of the form in which a body was sent. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  "age",
  "alt-svc",
  "connection",
  "content-encoding",
  "content-length",
  "date",
  "keep-alive",
  "nel",
  "proxy-connection",
  "report-to",
  "strict-transport-security",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Codings that a mock has, too. */
const CODINGS: ReadonlySet<string> = new Set(["br", "gzip"]);

/** Value of a header; empty if there is none. */
export function headerIn(
  headers: Iterable<readonly [string, string]>,
  name: string,
): string {
  for (const [one, value] of headers) {
    if (one.toLowerCase() === name) return value;
  }
  return "";
}

function hashOf(body: Uint8Array): string {
  return createHash("sha1").update(body).digest("hex").slice(0, 16);
}

/** Rounds to a thousandth. */
function micro(value: number): number {
  return Math.round(value * 1000) / 1000;
}
