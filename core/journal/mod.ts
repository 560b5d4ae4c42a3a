/**
 * The last exchanges, each to be looked up afterwards.
 *
 * @module
 */
export { entrySchema, journalEndpoint } from "./endpoint.ts";
export {
  ExchangeJournal,
  type JournalEntry,
  type JournalFilter,
} from "./journal.ts";
