/**
 * Makes the probe that a script asks for.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { type Host, PerfmockError } from "../../../core/plugin.ts";
import { beaconProbe, PAGE_REPORTS } from "../probes/beacon.ts";
import { commandProbe } from "../probes/command.ts";
import { pageProbe } from "../probes/page.ts";
import type { Probe } from "../probes/probe.ts";
import type { ProbeSettings } from "../script/script.ts";

/**
 * Makes the probe.
 *
 * @param url URL of the server, which paths of pages start from; undefined if it does not listen
 * @throws PerfmockError `FIND_FAILED` where a path has no server to start from
 */
export function probeOf(
  settings: ProbeSettings,
  url: URL | undefined,
  host: Pick<Host, "clock" | "find">,
): Probe {
  const { clock } = host;
  switch (settings.kind) {
    case "command": {
      const { run, figure, timeout, folder } = settings;
      return commandProbe({
        command: run,
        figure,
        folder,
        timeout,
        // Without the slash at its end, since commands write $PERFMOCK_URL/path.
        ...url !== undefined && { environment: { PERFMOCK_URL: url.origin } },
      }, { clock });
    }
    case "beacon": {
      const { figure, timeout } = settings;
      const page = settings.url && absolute(settings.url, url);
      return beaconProbe({ figure, timeout, url: page }, {
        clock,
        reports: host.find(PAGE_REPORTS),
      });
    }
    case "page": {
      const { actions, cold, executable, figure, ...page } = settings;
      return pageProbe({
        ...page,
        url: absolute(settings.url, url),
        figure,
        executable,
        actions: actions === undefined ? undefined : pathToFileURL(actions),
        cache: cold ? "cold" : "warm",
      }, { clock });
    }
  }
}

/** URL of a page, whose path may be one of this server. */
function absolute(page: string, server: URL | undefined): string {
  if (!page.startsWith("/")) return page;
  if (server !== undefined) return new URL(page, server).href;
  throw new PerfmockError(
    "FIND_FAILED",
    `Cannot open ${page}: this server does not listen, so that a path alone names no page`,
  );
}
