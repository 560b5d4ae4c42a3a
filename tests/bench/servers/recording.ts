/**
 * perfmock with or without its recording of exchanges, which cannot be turned off: the first argument, `on` or `off`, says
 * which; the second is its configuration in JSON. Without it, the methods that record do nothing.
 *
 * @module
 */
import { LagSampler } from "../../../core/observe/health.ts";
import { RouteRecorder } from "../../../core/observe/recorder.ts";
import { createPerfmock } from "../../../mod.ts";
import { announce, ownerLeft } from "./_serve.ts";

if (import.meta.main) {
  const [recording, config] = Deno.args;
  if (recording === "off") {
    RouteRecorder.prototype.arrived = () => {};
    RouteRecorder.prototype.observe = () => {};
    LagSampler.prototype.start = () => {};
  }
  await using server = await createPerfmock(JSON.parse(config));
  announce(Number(server.url.port));
  await ownerLeft();
}
