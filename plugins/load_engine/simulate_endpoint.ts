/**
 * The control call that simulates.
 *
 * @module
 */
import type { Endpoint } from "../../core/plugin.ts";
import type { LoadEngine } from "../../core/load.ts";
import { scriptIn } from "./script/mod.ts";

/** `POST simulate`: a script as JSON or YAML, answered by its summary. */
export function simulateEndpoint(engine: LoadEngine): Endpoint {
  return {
    method: "POST",
    path: "/simulate",
    summary:
      "Run a load script, as JSON or YAML, in virtual time against a copy of this server, and tell its summary",
    answer: { type: "object" },
    async handle({ request }) {
      const script = await scriptIn(request);
      const { summary } = await engine.simulate(script, {
        signal: request.signal,
      });
      return summary;
    },
  };
}
