/**
 * What went wrong, in words: an error's message and those of its causes, without the URL, which may hold a key.
 *
 * @param error whatever was thrown
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message.replace(/ for url \([^)]*\)/, "");
  return error.cause === undefined ? own : `${own}: ${messageOf(error.cause)}`;
}
