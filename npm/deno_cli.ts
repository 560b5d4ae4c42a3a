/**
 * The command line on Deno, as the npm package starts it. The first argument is the command that the user typed.
 *
 * @module
 */
import { main } from "../core/cli/mod.ts";
import { whenParentEnds } from "./deno_parent.ts";

const [command, ...args] = Deno.args;
// As a signal does: a run ends, a browser is closed.
whenParentEnds(() => Deno.kill(Deno.pid, "SIGTERM"));
Deno.exit(await main(args, undefined, { command }));
