/**
 * perfmock with or without the recording of exchanges. The first argument is `on` or `off`, the second is the configuration in JSON.
 * perfmock has no setting that turns recording off, so `off` replaces the recording methods by empty ones.
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
