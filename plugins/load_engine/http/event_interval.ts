/**
 * After how many tasks a thread's event loop looks for input and output. Left to itself Deno does so after every 61st: what has come
 * meanwhile is read late, and an answer seems to have taken so much longer. A thread takes the setting from the process's
 * environment when it starts.
 *
 * @module
 */

const VARIABLE = "DENO_TOKIO_EVENT_INTERVAL";

/** How many ask for it, and what was there before the first of them. */
let asking = 0;
let before: string | undefined;

/**
 * Lets threads that start from now on look after each task, unless the environment says something else already. Without the
 * permission to change it all stays as it is: nobody is asked for one.
 *
 * @returns takes it back; only the first call counts
 */
export function lookAfterEachTask(): () => void {
  const permission = { name: "env", variable: VARIABLE } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") {
    return () => {};
  }
  if (asking++ === 0) {
    before = Deno.env.get(VARIABLE);
    Deno.env.set(VARIABLE, before ?? "1");
  }
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--asking === 0 && before === undefined) Deno.env.delete(VARIABLE);
  };
}
