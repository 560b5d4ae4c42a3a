/** Lets the event loop handle what is due: sockets, timers, other requests. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
