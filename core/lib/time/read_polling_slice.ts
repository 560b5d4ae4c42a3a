/**
 * How this thread's event loop was started, as far as it matters to a clock that polls.
 *
 * @module
 */

const VARIABLE = "DENO_TOKIO_EVENT_INTERVAL";

/** A hundredth of a millisecond: what is read so much later is not read late, and turns so long leave a fifth of the garbage. */
const SLICE = 0.01;

/**
 * How long a turn of polling should be, for {@linkcode PreciseClockOptions.slice}: 0.01 ms on a thread that looks for input and output
 * after each task, as `DENO_TOKIO_EVENT_INTERVAL=1` has it; 0 on any other, or where the environment may not be read, of which
 * nobody is asked. Deno takes the setting when a thread starts, so that is when to ask.
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
