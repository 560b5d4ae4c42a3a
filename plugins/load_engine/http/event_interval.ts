/**
 * Number of tasks after which a thread's event loop checks for input and output. Deno's default is 61: bytes that arrive meanwhile are
 * read late, and a response appears to have taken longer. A thread takes the setting `DENO_TOKIO_EVENT_INTERVAL` from the process's
 * environment when it starts.
 *
 * @module
 */

const VARIABLE = "DENO_TOKIO_EVENT_INTERVAL";

/** Number of callers that need the short interval, and the setting before the first of them. */
let callers = 0;
let before: string | undefined;

/**
 * Makes threads that start from now on check after each task, unless the environment already has a setting. Without the permission to
 * change the environment it does nothing, and does not prompt for it.
 *
 * @returns restores the setting; only its first call counts
 */
export function shortenEventInterval(): () => void {
  const permission = { name: "env", variable: VARIABLE } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") {
    return () => {};
  }
  if (callers++ === 0) {
    before = Deno.env.get(VARIABLE);
    Deno.env.set(VARIABLE, before ?? "1");
  }
  let isRestored = false;
  return () => {
    if (isRestored) return;
    isRestored = true;
    if (--callers === 0 && before === undefined) Deno.env.delete(VARIABLE);
  };
}

/** Length of a turn of polling, in ms: too short to delay reading noticeably, and such turns make a fifth of the garbage of single looks at the clock. */
const SLICE = 0.01;

/**
 * Length of one turn of polling, for the option `slice` of a PreciseClock: 0.01 ms on a thread that checks for input and output after
 * each task (`DENO_TOKIO_EVENT_INTERVAL=1`); 0 on any other, or if the environment may not be read. Does not prompt for the permission.
 * Deno takes the setting when a thread starts, so call this then.
 *
 * @returns milliseconds
 */
export function readPollingSlice(): number {
  const { state } = Deno.permissions.querySync({
    name: "env",
    variable: VARIABLE,
  });
  return state === "granted" && Deno.env.get(VARIABLE) === "1" ? SLICE : 0;
}
