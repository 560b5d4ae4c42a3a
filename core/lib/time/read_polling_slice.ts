/**
 * The polling slice that suits this thread's event loop.
 *
 * @module
 */

const VARIABLE = "DENO_TOKIO_EVENT_INTERVAL";

/** In ms. An event that is read this much later is not late, and turns of this length leave a fifth of the garbage. */
const SLICE = 0.01;

/**
 * Reads the value for {@linkcode PreciseClockOptions.slice}: 0.01 ms if this thread checks for I/O after each task
 * (`DENO_TOKIO_EVENT_INTERVAL=1`), else 0. Also 0 if the environment may not be read: it never prompts for permission. Deno
 * reads the variable when a thread starts, so call this at that time.
 *
 * @returns slice in ms
 */
export function readPollingSlice(): number {
  const { state } = Deno.permissions.querySync({
    name: "env",
    variable: VARIABLE,
  });
  return state === "granted" && Deno.env.get(VARIABLE) === "1" ? SLICE : 0;
}
