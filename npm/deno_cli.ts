/**
 * The command line on Deno, as the npm package starts it. The first argument is the command that the user typed.
 *
 * @module
 */
import { main } from "../core/cli/mod.ts";
import { whenParentEnds } from "./deno_parent.ts";

/** Time in which a command ends in order once its parent has ended, in ms. */
const GRACE = 2000;

const [command, ...args] = Deno.args;
whenParentEnds(() => {
  // As a signal does: a run ends, a browser is closed. A server's drain is not awaited, because nobody is left to await it.
  Deno.kill(Deno.pid, "SIGTERM");
  setTimeout(() => Deno.exit(1), GRACE);
});
Deno.exit(await main(args, undefined, { command }));
