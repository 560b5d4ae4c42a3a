import { deepEqual } from "node:assert/strict";
import { root, sources } from "../../tools/run.ts";

/**
 * Maps and sets that live longer than one call, with what bounds them. Those that requests fill are a ByteMap, whose bound stands in
 * docs/limits.md; these are bounded by something else.
 */
const BOUNDED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "number of processes": {
    "core/cli/processes/supervisor.ts": "#lost #ended",
  },
  "number of bytes": {
    "core/lib/bounded.ts": "#entries",
    "core/respond/coding.ts": "#entries",
    "core/world/numbering.ts": "sequences",
    "plugins/load_engine/http/uploads.ts": "#sizes",
  },
  "configuration and code: plugins, routes, pools, profiles, metrics": {
    "core/config/_shadowed_routes.ts": "#same",
    "core/distribution/_family.ts": "#schemas",
    "core/distribution/_profiles.ts": "#compiled",
    "core/observe/failures.ts": "#kinds",
    "core/observe/metric_registry.ts":
      "#metrics #counters #gauges #timings #following #exposed #owners",
    "core/observe/recorder.ts": "#routes #planned",
    "core/control/backend_control.ts": "#held",
    "core/observe/route_series.ts": "#gone #faults",
    "core/pipeline/edge.ts": "#lists",
    "core/server/server.ts": "#overflowing",
    "core/shared/redis.ts": "#takers #listeners",
    "core/world/dials.ts": "#held #dials",
    "core/world/plugin_lifecycle.ts": "#services",
    "core/world/routes.ts": "#plans",
    "core/world/state.ts": "#values",
    "core/world/virtual_world.ts": "#targets #plans",
    "plugins/bottleneck_finder/runs/answer_tally.ts": "#routes",
    "plugins/bottleneck_finder/runs/load_journal.ts": "#sums",
    "plugins/bottleneck_finder/runs/loads.ts": "#routes",
    "plugins/bottleneck_finder/runs/turned_dials.ts": "#held #turned",
    "plugins/bottleneck_finder/statistics/_course.ts": "#screened",
    "plugins/bottleneck_finder/statistics/_model.ts": "#slow",
    "plugins/bottleneck_finder/statistics/_sets.ts": "#byKey",
    "plugins/degrade/degraded_routes.ts": "#backends #routes",
    "plugins/exporters/exposition.ts": "#owners",
    "plugins/exporters/prom_client.ts": "#metrics",
    "plugins/exporters/prometheus.ts": "#omitted",
    "plugins/limiter/checks.ts": "#after",
    "plugins/limiter/shared/membership.ts": "#members",
    "plugins/limiter/limiter.ts": "#pools #used #inline #taken",
    "plugins/limiter/state.ts": "#pools",
  },
  "number of series": { "core/observe/metric_series.ts": "#entries" },
  "number of entries, each of a bounded size": {
    "core/config/_misspellings.ts": "#written",
    "core/observe/journal.ts": "#bySpan",
    "core/observe/live_feed.ts": "#channels #readers",
    "core/observe/socket_series.ts": "#closes",
    "core/respond/websocket.ts": "#replies",
    "core/server/sessions.ts": "#sessions #making #past",
    "plugins/bottleneck_finder/probes/page_requests.ts": "#tracked",
    "plugins/bottleneck_finder/runs/loads.ts": "#failed",
    "plugins/bottleneck_finder/runs/runs.ts": "#runs",
    "plugins/exporters/correlation/correlator.ts": "#routes",
    "plugins/exporters/correlation/page_loads.ts": "#loads",
    "plugins/exporters/prometheus.ts": "#logged",
    "plugins/importer/logs/arrivals.ts": "#seconds #routes",
    "plugins/importer/mocks/draft.ts": "profiles",
    "plugins/importer/mocks/statuses.ts": "#counts",
    "plugins/importer/reading/reader.ts": "#files",
    "plugins/importer/recording/endpoints.ts": "#all",
    "plugins/importer/recording/recorder.ts": "#examples #clean",
    "plugins/importer/recording/secret_values.ts": "#written",
    "plugins/importer/recording/secrets.ts": "#counts",
    "plugins/importer/samples/groups.ts": "#groups",
    "plugins/importer/samples/hdr_log.ts": "#tags",
    "plugins/importer/samples/series.ts": "#left #others",
    "plugins/load_engine/runs/runs.ts": "#runs #reserved",
  },
  "exchanges, connections and work in flight": {
    "core/net/local_server.ts": "#open",
    "core/cli/processes/supervised_fleet.ts": "#waiting",
    "core/lib/agreement.ts": "#pending",
    "core/respond/coding.ts": "#working",
    "core/server/_node_connections.ts": "#open",
    "plugins/bottleneck_finder/probes/page_requests.ts": "#busy",
    "plugins/bottleneck_finder/runs/runs.ts": "#listeners",
    "plugins/degrade/backend.ts": "#members",
    "plugins/exporters/correlation/page_reports.ts": "#listeners",
    "plugins/importer/recording/proxy.ts": "#tunnels",
    "plugins/limiter/background.ts": "#phantoms",
    "plugins/limiter/shared/shared_pool.ts": "#gone",
    "plugins/limiter/shared/shared_rate_limit.ts": "#open",
    "plugins/load_engine/simulation/under_way.ts": "#simulations",
    "plugins/load_engine/http/fetch_environment.ts": "#active",
    "plugins/load_engine/http/tcp_environment.ts": "#opening",
    "plugins/load_engine/runs/run.ts": "#listeners",
    "plugins/load_engine/simulation/virtual_environment.ts": "#unmatched",
    "plugins/resource_stress/stress.ts": "#running #ending",
  },
  "the script of a load run, or its trace": {
    "plugins/load_engine/figures/scenario_figures.ts": "failures",
    "plugins/load_engine/http/tcp_environment.ts": "#sendings #timeouts",
    "plugins/load_engine/runs/series.ts": "#series #last",
    "core/lib/har.ts": "#pages",
    "core/lib/omissions.ts": "#reasons",
    "plugins/load_engine/script/_trace_entries.ts": "#known",
    "plugins/load_engine/simulation/virtual_environment.ts":
      "#targets #timeouts",
  },
};

/** Fields of classes that hold a map or a set from the start. */
const FIELD =
  /^ {2}(?:readonly (?=\w)|(?:readonly )?(?=#))(#?\w+)(?:: [^=;]+)? = new (?:Map|Set)\b/gm;

/** Folders whose functions prepare closures that requests call: an empty map in them may grow with requests. */
const PREPARING = /^core\/(pipeline|respond)\//;
const EMPTY = /new (?:Map|Set)(?:<.*>)?\(\)/;

Deno.test("each map and set that lives longer than a call has a bound", async () => {
  const listed = Object.values(BOUNDED).flatMap((files) =>
    Object.entries(files).flatMap(([path, fields]) =>
      fields.split(" ").map((field) => `${path} ${field}`)
    )
  );
  const found: string[] = [];
  for (const path of await sources("core", "plugins")) {
    const text = await Deno.readTextFile(`${root}/${path}`);
    for (const [, field] of text.matchAll(FIELD)) {
      found.push(`${path} ${field}`);
    }
    if (!PREPARING.test(path)) continue;
    for (const [index, line] of text.split("\n").entries()) {
      if (EMPTY.test(line) && !line.match(/^ {2}readonly /)) {
        found.push(`${path}:${index + 1} makes an empty map or set`);
      }
    }
  }
  // One that is found and not listed is to be replaced by a ByteMap of core/lib/bounded.ts, with a row in docs/limits.md.
  deepEqual(found.filter((one) => !listed.includes(one)), []);
  deepEqual(listed.filter((one) => !found.includes(one)), []);
});
