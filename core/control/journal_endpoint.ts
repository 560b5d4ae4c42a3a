/**
 * The control call that looks exchanges up.
 *
 * @module
 */
import { z } from "zod";
import type { Endpoint, Kit } from "../plugin.ts";
import type {
  JournalEntry,
  JournalFilter,
} from "../observe/journal/journal.ts";

/** How many entries are given where nobody says how many. */
const LIMIT = 100;

const OUTCOMES = [
  "answered",
  "rejected",
  "gone",
  "cut",
  "failed",
  "reset",
] as const;

/** How entries are written: as one document, or a line each. */
const FORMATS = ["json", "jsonl"] as const;

/** The query as parsed. */
interface Query extends JournalFilter {
  readonly format: typeof FORMATS[number];
}

const NUMBER = { type: "number", description: "Milliseconds" };
const NUMBER_OR_NULL = { ...NUMBER, type: ["number", "null"] };
const COUNT = { type: "integer" };
const TEXT = { type: "string" };

/** The JSON Schema of a {@linkcode JournalEntry}. */
export const entrySchema: Readonly<Record<string, unknown>> = {
  type: "object",
  properties: {
    number: COUNT,
    route: TEXT,
    session: { type: ["string", "null"] },
    sequence: COUNT,
    key: { type: ["string", "null"] },
    method: TEXT,
    path: { type: ["string", "null"] },
    arrivalMs: NUMBER,
    outcome: { enum: OUTCOMES },
    status: COUNT,
    queueMs: NUMBER,
    drawnMs: NUMBER,
    degradationMs: NUMBER,
    achievedMs: NUMBER_OR_NULL,
    totalMs: NUMBER,
    latenessMs: NUMBER_OR_NULL,
    traceId: TEXT,
  } satisfies Record<keyof JournalEntry, unknown>,
};

/**
 * `GET requests`.
 *
 * @param entries finds them, oldest first
 * @param kit for the query's duration
 */
export function journalEndpoint(
  entries: (filter: JournalFilter) => readonly JournalEntry[],
  kit: Pick<Kit, "duration">,
): Endpoint {
  return {
    method: "GET",
    path: "/requests",
    summary:
      "The last exchanges that ended, oldest first: as JSON, or with format=jsonl a line each",
    query: z.strictObject({
      limit: whole(1).default(LIMIT),
      route: z.string().optional(),
      outcome: z.enum(OUTCOMES).optional(),
      status: whole(0).optional(),
      trace: z.string().optional(),
      slower: kit.duration().optional(),
      format: z.enum(FORMATS).default("json"),
    }),
    answer: {
      type: "object",
      required: ["requests"],
      properties: { requests: { type: "array", items: entrySchema } },
    },
    handle({ query }) {
      const { format, ...filter } = query as Query;
      const requests = entries(filter);
      return format === "json" ? { requests } : new Response(
        requests.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
        { headers: { "content-type": "application/jsonl" } },
      );
    },
  };
}

/** A whole number in a query, where all is text. */
function whole(least: number) {
  return z.string().regex(/^\d{1,9}$/, {
    error: `Must be a whole number, at least ${least}`,
  }).transform(Number).refine((value) => value >= least, {
    error: `Must be a whole number, at least ${least}`,
  });
}
