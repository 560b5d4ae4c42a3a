/**
 * perfmock, watched for how long its event loop is held. Its argument is the configuration in JSON. A line on standard input
 * starts the watch, the next one ends it: then the longest stretch without a turn is told as a line of JSON, in milliseconds.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { createPerfmock } from "../../../mod.ts";
import { readLines } from "../processes.ts";
import { announce } from "./_serve.ts";

/** Turns without end, since only a loop that never sleeps can tell how long it was held. */
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

  /** The longest stretch, in milliseconds. */
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
