/**
 * perfmock with a measurement of how long its event loop is blocked. The argument is the configuration in JSON. A line on standard
 * input starts the measurement; the next line ends it, and the longest blocked time in ms is written as a line of JSON.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { createPerfmock } from "../../../mod.ts";
import { readLines } from "../processes.ts";
import { announce } from "./_serve.ts";

/** Keeps the event loop turning without sleep, so that each gap between turns is time during which the loop was blocked. */
class Watch {
  #on = false;
  #longest = 0;

  start(): void {
    this.#on = true;
    this.#longest = 0;
    let last = performance.now();
    const turn = () => {
      const now = performance.now();
      this.#longest = Math.max(this.#longest, now - last);
      last = now;
      if (this.#on) setImmediate(turn);
    };
    setImmediate(turn);
  }

  /** Ends the measurement and returns the longest blocked time, in ms. */
  stop(): number {
    this.#on = false;
    return this.#longest;
  }
}

if (import.meta.main) {
  await using server = await createPerfmock(JSON.parse(Deno.args[0]));
  announce(Number(server.url.port));
  const watch = new Watch();
  let watching = false;
  for await (const _ of readLines(Deno.stdin.readable)) {
    if (watching) {
      const line = `${JSON.stringify(watch.stop())}\n`;
      Deno.stdout.writeSync(new TextEncoder().encode(line));
    } else watch.start();
    watching = !watching;
  }
}
