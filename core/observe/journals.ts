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

/** Place in journals: the number of exchanges that each had recorded. A journal that was made later is read from its beginning. */
class Place implements JournalPlace {
  declare readonly "~place"?: never;
  readonly totals = new WeakMap<ExchangeJournal, number>();
}

/** Journals as one. */
export class Journals implements Journal {
  readonly #journals: () => Iterable<ExchangeJournal>;

  /** @param journals returns the journals that there are now */
  constructor(journals: () => Iterable<ExchangeJournal>) {
    this.#journals = journals;
  }

  bySpan(span: string): JournalEntry | undefined {
    for (const journal of this.#journals()) {
      const entry = journal.bySpan(span);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  read(place: JournalPlace | undefined, limit: number): JournalReading {
    const next = new Place();
    const entries: JournalEntry[] = [];
    let missed = 0;
    for (const journal of this.#journals()) {
      const from = place instanceof Place
        ? place.totals.get(journal) ?? 0
        : journal.total;
      const found = journal.since(from, limit - entries.length);
      for (const entry of found.entries) entries.push(entry);
      missed += found.missed;
      next.totals.set(journal, from + found.missed + found.entries.length);
    }
    return { entries, missed, place: next };
  }
}
