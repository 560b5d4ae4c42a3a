/**
 * Words in sentences.
 *
 * @module
 */

/** Formats a number with its noun. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Sentence on changes of the configuration during an experiment; none where there were none. */
export function updateNotes(updates: number): string[] {
  return updates === 0 ? [] : [
    `The configuration was changed ${
      counted(updates, "time")
    } during the experiment: the figures are of both states together`,
  ];
}
