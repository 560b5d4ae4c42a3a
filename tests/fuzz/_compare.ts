/**
 * The first point at which two readings of the same bytes part.
 *
 * @module
 */
import type { Message, OwnReading, Reading } from "./_reader.ts";

/** Where the readings part. */
export interface Disagreement {
  /** `perfmock` or `node`: that one refuses, the other does not. `both`: both go on, but understand something else. */
  readonly refuses: "perfmock" | "node" | "both";
  /** Reason of the refusal, or name of the fact that differs. */
  readonly what: string;
  /** Behaviour of each at this point: `accepts` a whole request, or the state at its end. */
  readonly perfmock: string;
  readonly node: string;
  /** The request of each at this point, if its head was accepted. */
  readonly ours: Message | undefined;
  readonly theirs: Message | undefined;
  /** Bytes of this request and of all after it, as Latin-1. */
  readonly text: string;
  /** Bytes of the requests before. */
  readonly before: string;
}

const FACTS = ["method", "target", "minor", "fields", "keepAlive"] as const;

/** Compares two readings; undefined if they agree. Two refusals of the same request agree, whatever their reasons. */
export function compare(
  text: string,
  perfmock: OwnReading,
  node: Reading,
): Disagreement | undefined {
  for (let i = 0;; i++) {
    const ours = perfmock.messages[i];
    const theirs = node.messages[i];
    const our = eventAt(perfmock, i);
    const their = eventAt(node, i);
    const at = {
      perfmock: our,
      node: their,
      ours,
      theirs,
      text: text.slice(perfmock.starts[i]),
      before: text.slice(0, perfmock.starts[i]),
    };
    if (our === "refused" && their === "refused") return undefined;
    if (our === "refused") {
      return { refuses: "perfmock", what: perfmock.reason, ...at };
    }
    if (their === "refused") {
      return { refuses: "node", what: node.reason, ...at };
    }
    if (ours !== undefined && theirs !== undefined) {
      const fact = FACTS.find((name) =>
        String(ours[name]) !== String(theirs[name])
      );
      if (fact !== undefined) return { refuses: "both", what: fact, ...at };
      if (ours.body !== theirs.body) {
        return { refuses: "both", what: "body", ...at };
      }
    }
    if (our !== their) return { refuses: "both", what: "end", ...at };
    if (our !== "accepts") return undefined;
  }
}

function eventAt(reading: Reading, index: number): string {
  return reading.messages[index]?.complete ? "accepts" : reading.end;
}
