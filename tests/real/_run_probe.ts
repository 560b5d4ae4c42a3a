/**
 * Starts a probe, says so, and disposes it at the end of its input.
 *
 * @module
 */
import { PreciseClock } from "../../core/lib/time/mod.ts";
import { pageProbe } from "../../plugins/bottleneck_finder/probes/page.ts";

await using clock = new PreciseClock();
await using probe = pageProbe({
  url: "http://127.0.0.1:9/",
  figure: "LCP",
  executable: Deno.args[0],
}, { clock });
await probe.start();
await Deno.stdout.write(new TextEncoder().encode("started\n"));
await Deno.stdin.readable.pipeTo(new WritableStream());
