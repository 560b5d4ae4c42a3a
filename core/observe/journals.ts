/**
 * The journals of several worlds as plugins see them: one.
 *
 * @module
 */
import type {
  Journal,
  JournalEntry,
  JournalPlace,
  JournalReading,
} from "../plugin.ts";
import type { ExchangeJournal } from "./journal.ts";

/** Maximum number of bytes of ended journals that wait for a reading. */
export const MOST_ENDED_BYTES: number = 32 * 1024 * 1024;

/** Place in journals. A journal that was made later is read from its beginning. */
class Place implements JournalPlace {
  declare readonly "~place"?: never;
  /** Number of exchanges that each journal had recorded. */
  readonly totals = new WeakMap<ExchangeJournal, number>();
  /** Sum of these numbers, of journals that may be gone by the next reading too. */
  sum = 0;
  /** Number of exchanges of all journals that were forgotten before. */
  readonly forgotten: number;

  constructor(forgotten: number) {
    this.forgotten = forgotten;
  }
}

/** A journal and what a reading has still to read of it. */
interface Unread {
  readonly journal: ExchangeJournal;
  readonly from: number;
  readonly count: number;
}

/** Journals as one. */
export class Journals implements Pick<Journal, "bySpan" | "read"> {
  readonly #journals: () => Iterable<ExchangeJournal>;
  readonly #mostBytes: number;
  /** Journals of sessions that ended since the last reading, the oldest first. */
  #ended: { readonly journal: ExchangeJournal; readonly bytes: number }[] = [];
  /** Number of exchanges that journals recorded which are neither among the present ones nor kept. */
  #forgotten = 0;
  /** True once there is a reader: until then no ended journal is kept. */
  #isRead = false;

  /**
   * @param journals returns the journals that there are now
   * @param mostBytes maximum number of bytes of ended journals that wait for a reading
   */
  constructor(
    journals: () => Iterable<ExchangeJournal>,
    mostBytes: number = MOST_ENDED_BYTES,
  ) {
    this.#journals = journals;
    this.#mostBytes = mostBytes;
  }

  /** Number of bytes that ended journals take at most. */
  get endedBytes(): number {
    return this.#ended.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A journal has left the present ones and records nothing more. It is kept for the next reading, if there are any. */
  ended(journal: ExchangeJournal): void {
    this.#ended.push({ journal, bytes: this.#isRead ? journal.bytes : 0 });
    let bytes = this.endedBytes;
    while (
      this.#ended.length > 0 && (!this.#isRead || bytes > this.#mostBytes)
    ) {
      const oldest = this.#ended.shift();
      if (oldest === undefined) break;
      bytes -= oldest.bytes;
      this.#forgotten += oldest.journal.total;
    }
  }

  bySpan(span: string): JournalEntry | undefined {
    for (const journal of this.#all()) {
      const entry = journal.bySpan(span);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  read(place: JournalPlace | undefined, limit: number): JournalReading {
    this.#isRead = true;
    const before = place instanceof Place ? place : undefined;
    const unread: Unread[] = [];
    let known = 0;
    for (const journal of this.#all()) {
      const { total } = journal;
      const from = before === undefined
        ? total
        : before.totals.get(journal) ?? 0;
      known += from;
      unread.push({ journal, from, count: total - from });
    }
    // The number that journals recorded which are gone, less the number that was read of them.
    let missed = before === undefined
      ? 0
      : this.#forgotten - before.forgotten - (before.sum - known);
    // Those with the fewest first, so that what they leave of their shares goes to the others.
    unread.sort((a, b) => a.count - b.count);
    const entries: JournalEntry[] = [];
    const read: { readonly journal: ExchangeJournal; readonly to: number }[] =
      [];
    for (const [index, { journal, from }] of unread.entries()) {
      const share = Math.ceil(
        (limit - entries.length) / (unread.length - index),
      );
      const found = journal.since(from, share);
      for (const entry of found.entries) entries.push(entry);
      missed += found.missed;
      read.push({ journal, to: from + found.missed + found.entries.length });
    }
    return { entries, missed, place: this.#placeAt(read) };
  }

  *#all(): Generator<ExchangeJournal> {
    yield* this.#journals();
    for (const { journal } of this.#ended) yield journal;
  }

  /** Makes the place after a reading, and forgets ended journals of which all was read. */
  #placeAt(
    read: Iterable<{ readonly journal: ExchangeJournal; readonly to: number }>,
  ): Place {
    const totals = new Map<ExchangeJournal, number>();
    for (const { journal, to } of read) totals.set(journal, to);
    this.#ended = this.#ended.filter(({ journal }) => {
      if (totals.get(journal) !== journal.total) return true;
      totals.delete(journal);
      this.#forgotten += journal.total;
      return false;
    });
    const place = new Place(this.#forgotten);
    for (const [journal, to] of totals) {
      place.totals.set(journal, to);
      place.sum += to;
    }
    return place;
  }
}
