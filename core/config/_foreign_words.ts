/**
 * Words that other tools use for what perfmock calls otherwise, so that a message can name perfmock's word where no misspelling
 * leads to it: `latency` of a route is `serviceTime`, `statusCode` of a response is `status`.
 *
 * The table has an entry for each place of a configuration or a load script. A place is known by keys that it allows.
 *
 * @module
 */
import { suggest } from "../lib/suggest.ts";

/** Words of one place. */
interface Place {
  /** Keys, or options of a setting, that only this place allows; none for words that mean the same everywhere. */
  readonly of: readonly string[];
  /**
   * Foreign words by perfmock's own, separated by spaces; case and separators do not matter. An own word is a key of the place, a
   * path within it such as `response.status`, or a way to write it. Of two, separated by "|", the second is for texts.
   */
  readonly words: Readonly<Record<string, string>>;
}

const STATUS = "statusCode code httpStatus responseCode status";
const BODY = "body data payload content jsonBody bodyText";
const TIME =
  "delay latency fixedDelay fixedDelayMilliseconds delayMs latencyMs responseTime responseDelay randomDelay delayDistribution lag wait sleep duration time";

const PLACES: readonly Place[] = [
  {
    of: ["routes", "plugins"],
    words: {
      routes:
        "endpoints mappings stubs mocks paths expectations handlers rules",
      "server.port": "port listenPort",
      "server.host": "host bind address listen",
      "server.tls": "tls https ssl",
      "server.cors": "cors",
      presets: "modes environments variants",
      backend: "global defaults",
      "control.token": "token auth apiKey",
      control: "admin api management",
      "plugins.distributions.profiles": "profiles distributions",
      "plugins.limiter.pools": "pools limiter limits",
      "plugins.exporters": "exporters metrics monitoring",
      "plugins.exporters.prometheus": "prometheus",
      "plugins.exporters.statsd": "statsd",
      "plugins.load_engine": "loadEngine",
      "plugins.resource_stress": "resourceStress stress",
      "a load script of its own, which load runs":
        "scenarios thresholds executor",
      "faults, serviceTime and wire, keys of a route": "toxics toxic proxies",
    },
  },
  {
    of: ["path", "method", "response", "faults"],
    words: {
      serviceTime: TIME,
      'serviceTime: "normal(mean=…, sd=…)"':
        "jitter latencyJitter delayJitter variance stddev standardDeviation",
      method: "methods verb verbs httpMethod",
      path: "url uri urlPath urlPattern urlPathPattern endpoint pathname",
      response: "reply answer returns",
      responses:
        "replies answers responseSequence responseMode sequence scenario scenarioName requiredScenarioState newScenarioState states",
      serviceTimes: "latencies delays",
      when: "request match matcher matching condition conditions",
      "when.query": "query queryParameters queryParams params",
      "when.header": "requestHeaders",
      "when.cookie": "cookie cookies",
      "when.body": "bodyPatterns",
      "when.graphql": "graphql operationName operation query mutation",
      "when.contentType": "contentType consumes",
      "response.status": STATUS,
      "response.headers": "headers responseHeaders",
      "response.json|response.text": `${BODY} json text`,
      "response.file": "file bodyFile bodyFileName",
      "response.folder": "folder static directory dir root",
      "response.events": "events sse stream",
      "response.proxy":
        "proxy proxyTo proxyPass proxyBaseUrl upstream backend forward target",
      faults:
        "error errors errorRate failureRate chaos failures abort toxics toxic",
      limiter:
        "concurrency maxConcurrency pool pools bulkhead connections queue limitConn",
      "limiter.rateLimit": "rateLimit rateLimits throttle rps limitReq",
      "wire.bandwidth": "bandwidth throughput limitRate",
      wire:
        "chunkedDribbleDelay dribble throttling streamingMode streamingInterval",
      websocket: "ws webSockets socket websocketHandler",
      turns: "sequence per perSession stateful",
      id: "name title key",
    },
  },
  {
    of: ["query", "header", "cookie"],
    words: {
      query: "queryParameters queryParams params parameters",
      header: "headers requestHeaders",
      cookie: "cookies",
      body:
        "bodyPatterns json jsonBody jsonPath matchesJsonPath equalToJson payload rules",
      contentType: "mediaType mime type",
      graphql: "operation operationName type query mutation",
      'method, a key of the route beside "when"': "method methods",
      'path, a key of the route beside "when"':
        "path url urlPath urlPattern urlPathPattern pathname",
    },
  },
  {
    of: ["equal", "pattern", "present"],
    words: {
      equal: "equals equalTo equalToJson eq value is const",
      pattern:
        "matches regex regexp match contains includes startsWith endsWith like",
      present: "exists required any",
      absent: "missing null empty",
    },
  },
  {
    of: ["status", "headers", "json", "proxy"],
    words: {
      status: STATUS,
      "json|text": BODY,
      headers: "header responseHeaders",
      file: "bodyFile bodyFileName filename filePath sendFileAsBody path",
      folder: "static directory dir root alias publicDir staticDir",
      fallback:
        "spa single historyApiFallback navigateFallback tryFiles fallbackTo404 notFound",
      index: "indexFile directoryIndex",
      dotFiles: "hidden dotfiles allowDotFiles",
      repeat: "array list items generate times",
      schema: "jsonSchema",
      size: "bytes length bodySize",
      compress: "gzip brotli compression encoding contentEncoding",
      proxy: "proxyBaseUrl proxyTo upstream forward backend target url",
      events: "sse stream eventStream serverSentEvents",
      times: "count repeatCount",
      'serviceTime, a key of the route beside "response"': TIME,
      'faults, a key of the route beside "response"': "fault faults error",
    },
  },
  {
    of: ["share", "first", "action"],
    words: {
      share: "rate probability percentage percent chance ratio weight",
      status: STATUS,
      action: "type kind fault effect",
      first: "count times",
      retryAfter: "retryAfterSeconds retry",
      headers: "header responseHeaders",
      "json|text": BODY,
    },
  },
  {
    of: ["connection-reset", "cut-body", "hang"],
    words: {
      "connection-reset":
        "reset rst abort connectionResetByPeer resetPeer resetConnection",
      "cut-body":
        "truncate partial cut malformedResponseChunk randomDataThenClose limitData",
      hang: "timeout blackhole noResponse emptyResponse drop",
    },
  },
  {
    of: ["gap", "chunk", "bandwidth"],
    words: {
      gap: "delay interval latency pause",
      chunk: "size chunkSize",
      bandwidth: "rate throughput speed bps",
    },
  },
  { of: ["url", "timeout"], words: { url: "target upstream host baseUrl" } },
  {
    of: ["count", "data", "last"],
    words: {
      count: "times repeat number",
      data: "message messages body",
      event: "type name",
      retry: "reconnect reconnectionTime",
      last: "end done final",
      'gap in "wire", a key of the route beside "response"':
        "interval delay gap every after streamingInterval",
    },
  },
  {
    of: ["count", "item", "within"],
    words: {
      count: "times number length size limit",
      item: "template of each value items body",
      within: "wrapper around envelope wrap in",
    },
  },
  {
    of: ["query", "default", "max"],
    words: {
      query: "parameter param name queryParameter",
      default: "fallback otherwise count",
      max: "limit most",
    },
  },
  {
    of: ["operation", "type", "hash"],
    words: {
      operation: "operationName name query mutation",
      type: "operationType kind",
      hash: "sha256Hash persistedQuery documentId",
    },
  },
  {
    of: ["per", "end"],
    words: { per: "by key scope of", end: "mode then after onEnd" },
  },
  {
    of: ["messages", "echo", "protocols"],
    words: {
      messages: "message send script sequence events data",
      on: "handlers replies match rules onMessage responses",
      repeat: "loop times count",
      close: "end disconnect closeCode",
      protocols: "protocol subprotocol subprotocols",
      maxMessage: "maxPayload maxPayloadLength maxMessageSize limit",
      "messages: [{ after: …, send: … }]": "interval delay gap every",
    },
  },
  {
    of: ["after", "send"],
    words: {
      after: "delay wait interval gap at time every",
      send: "data message text json body payload",
    },
  },
  {
    of: ["code", "reason", "after"],
    words: {
      code: "status closeCode",
      reason: "message text",
      after: "delay wait at time",
    },
  },
  {
    of: ["scale", "delay", "faultShare"],
    words: {
      scale: "factor slowdown speed timeScale multiplier",
      delay: TIME,
      faultShare: "faults errorRate failureRate faultRate chaos",
    },
  },
  {
    of: ["origins", "maxAge", "credentials"],
    words: {
      origins: "origin allowOrigin allowedOrigins allowOrigins",
      maxAge: "preflightMaxAge optionsMaxAge",
      exposedHeaders: "exposeHeaders allowedHeaders headers",
      credentials: "allowCredentials withCredentials",
    },
  },
  {
    of: ["host", "port", "engine"],
    words: {
      host: "hostname address bind bindAddress ip interface listen",
      port: "httpPort listenPort",
      tls: "https ssl certificate cert",
      cors: "enableCors crossOrigin",
      drainTimeout:
        "gracefulShutdown shutdownTimeout gracePeriod stopTimeout drain",
      engine: "runtime",
      limits: "maxConnections maxBodySize",
    },
  },
  {
    of: ["requestLine", "head", "backlog"],
    words: {
      requestLine: "maxUrlLength urlLength maxUri uri",
      head: "headerSize maxHeaderSize maxHttpHeaderSize",
      headers: "maxHeaders headerCount",
      body: "maxBodySize bodyLimit maxBody bodySize maxRequestSize",
      connections: "maxConnections clients sockets",
      idleTimeout: "keepAlive keepAliveTimeout timeout",
      headTimeout: "headersTimeout requestTimeout headerTimeout",
      backlog: "queue acceptQueue",
    },
  },
  {
    of: ["concurrency", "queue", "onFull"],
    words: {
      concurrency:
        "maxConcurrency workers threads size poolSize maxConnections maxConns capacity limit slots servers max parallelism",
      queue: "queueSize queueLength maxQueue backlog maxPendingRequests",
      queueTimeout: "timeout maxWait waitTimeout acquireTimeout",
      onFull: "onReject reject rejection overflow status",
      rateLimit: "rate rps throttle",
      discipline: "order strategy policy",
    },
  },
  {
    of: ["rate", "burst", "algorithm"],
    words: {
      rate: "rps limit requestsPerSecond qps requests",
      burst: "bucket capacity size",
      algorithm: "type strategy",
      per: "key by scope",
    },
  },
  {
    of: ["scenarios", "thresholds"],
    words: {
      scenarios: "scenario executors",
      "scenarios: { load: { executor: …, … } }":
        "vus iterations duration stages phases executor requests flow threadGroup threadGroups rate users",
      "target and scenarios, keys of the script itself":
        "config options testPlan",
      target: "url baseUrl host",
      thresholds: "assertions ensure slo",
      name: "title id",
    },
  },
  {
    of: ["executor", "requests"],
    words: {
      executor: "type kind",
      requests: "request steps flow http exec urls",
      duration: "time runTime for",
      rate: "arrivalRate rps stages startRate ramp",
      users: "vus virtualUsers concurrency clients threads stages",
      "users, with the executor virtual-users or shared-iterations":
        "vus virtualUsers users concurrency clients threads",
      "rate, with the executor arrival-rate": "rate arrivalRate rps",
      think: "thinkTime sleep pause wait pacing",
      iterations: "loops count repeat",
      start: "startTime delay startAfter",
      gracefulStop: "gracefulRampDown",
      maxInFlight: "maxVus preAllocatedVus maxUsers",
      'rate with its unit, such as "50/s"': "timeUnit",
      pick: "order",
      variables: "vars",
      trace: "file log",
      scale: "speed",
    },
  },
  {
    of: ["arrival-rate", "virtual-users"],
    words: {
      "arrival-rate":
        "constantArrivalRate rampingArrivalRate open rate poisson rps",
      "virtual-users":
        "constantVus rampingVus perVuIterations vus closed users externallyControlled",
      "shared-iterations": "iterations",
      replay: "trace har log",
    },
  },
  {
    of: ["expression", "abortOnFail"],
    words: {
      expression: "threshold condition check",
      after: "delayAbortEval delay",
      abortOnFail: "abort stop failFast",
    },
  },
  {
    of: ["responseTime", "firstByte", "dropped"],
    words: {
      responseTime:
        "httpReqDuration httpResponseTime latency duration iterationDuration rt",
      firstByte: "httpReqWaiting ttfb waiting timeToFirstByte",
      failed: "httpReqFailed errors errorRate errorPct failures ko",
      completed: "httpReqs iterations httpRequests requests count",
      dropped: "droppedIterations skipped",
      checks: "assertions expect",
      refused: "rejected",
      served: "ok",
    },
  },
  {
    of: ["serve", "check", "load"],
    words: {
      serve: "start up listen dev server mock proxy",
      check: "validate lint verify test",
      load: "bench benchmark attack stress execute",
      simulate: "dryRun",
      record: "capture",
      explain: "describe show",
    },
  },
  {
    of: ["avg", "med", "max"],
    words: { avg: "mean average", med: "median p50 p(50)" },
  },
  {
    of: ["from", "to", "over"],
    words: {
      to: "target end value until",
      over: "duration time in during",
      from: "start startRate initial",
    },
  },
  {
    of: ["processor-sharing", "erlang-c", "usl"],
    words: {
      "erlang-c": "mmc m/m/c m/m/1 mm1 queue queueing erlang",
      usl: "universalScalabilityLaw amdahl scalability",
      "processor-sharing": "ps",
      "gc-pause": "gc pause stopTheWorld",
      leak: "memoryLeak memory",
      "brown-out": "overload",
    },
  },
  {
    of: ["path", "token", "buckets"],
    words: { "path, on the port of the server": "port address listen host" },
  },
  {
    of: ["path", "weight", "check"],
    words: {
      path: "url uri endpoint",
      "method: GET with a path": "get",
      "method: POST with a path": "post",
      "method: PUT with a path": "put",
      "method: PATCH with a path": "patch",
      "method: DELETE with a path": "delete",
      "json|text": BODY,
      check: "expect assert assertions checks",
      headers: "header",
      query: "params qs queryParams queryParameters",
      weight: "share probability",
      name: "id label tag",
    },
  },
  {
    of: ["normal", "lognormal", "constant"],
    words: {
      normal: "gaussian gauss",
      constant: "fixed static",
      uniform: "random range flat",
      empirical: "samples data",
      percentiles: "percentile quantiles",
    },
  },
  {
    of: [],
    words: {
      sd: "stddev stdev std standardDeviation deviation sigma jitter",
      mean: "average avg mu",
      median: "p50 mid",
      min: "lower low from minimum",
      max: "upper high to maximum",
      timeout: "timeoutMs",
      status: STATUS,
      interval: "period every flushInterval",
      retryAfter: "retryAfterSeconds",
      of: "distribution inner base",
    },
  },
];

const TABLE = PLACES.map(({ of, words }) => {
  const own = new Map<string, string[]>();
  for (const [word, foreign] of Object.entries(words)) {
    for (const each of foreign.split(" ").map(normalised)) {
      own.set(each, [...own.get(each) ?? [], word]);
    }
  }
  return { of, own };
});

function normalised(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s.]/g, "");
}

/**
 * Finds what a word that does not exist at a place was meant to be: by the words of other tools, else by its spelling.
 *
 * @param word the key or option as written
 * @param candidates the keys or options that exist there
 * @param value what is written under the key: a text and other values may belong to different keys
 * @returns a candidate, or how to write it in other words; undefined where nothing is likely
 */
export function meant(
  word: string,
  candidates: readonly string[],
  value?: unknown,
): string | undefined {
  const written = normalised(word);
  // A letter or two apart is a misspelling, whatever other tools say.
  const near = suggest(word, candidates);
  if (near !== undefined && normalised(near) === written) return near;
  for (const { of, own } of TABLE) {
    if (!of.every((key) => candidates.includes(key))) continue;
    for (const found of own.get(written) ?? []) {
      const [usual, text = usual] = found.split("|");
      const chosen = typeof value === "string" ? text : usual;
      if (isKnown(chosen, candidates, of)) return inWords(chosen);
    }
  }
  return near;
}

/** True if an own word exists at this place: a key of a plugin that is off does not. */
function isKnown(
  own: string,
  candidates: readonly string[],
  of: readonly string[],
): boolean {
  const [key] = own.split(/[.:]/, 1);
  return candidates.includes(key) || of.length > 0 && /\s/.test(key);
}

/** A path such as `response.status` as it is written: `response: { status: … }`. */
function inWords(own: string): string {
  if (!/^\w+(\.\w+)+$/.test(own)) return own;
  const keys = own.split(".");
  const open = keys.slice(0, -1).map((key) => `${key}: { `).join("");
  return `${open}${keys.at(-1)}: …${" }".repeat(keys.length - 1)}`;
}
