/**
 * The last exchanges, each to be looked up afterwards.
 *
 * @module
 */
export {
  entrySchema,
  journalEndpoint,
} from "../../control/journal_endpoint.ts";
export {
  ExchangeJournal,
  type JournalEntry,
  type JournalFilter,
} from "./journal.ts";
