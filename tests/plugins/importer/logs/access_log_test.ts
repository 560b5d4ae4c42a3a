import { deepEqual, equal, match, ok } from "node:assert/strict";
import { importOf } from "../_imported.ts";

const NGINX =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time $upstream_response_time';

/** Makes a line in the format above. */
function nginx(
  request: string,
  { status = 200, time = "0.012", upstream = "0.010", second = 36 } = {},
) {
  return `10.0.0.1 - - [10/Oct/2026:13:55:${second} +0000] "${request}" ${status} 512 "-" "curl \\"8\\"" ${time} ${upstream}`;
}

/** A format and two lines in it: GET /orders/1 and POST /carts, 200 and 503, with the service time of the first. */
const FORMATS: readonly (readonly [
  name: string,
  format: string | undefined,
  lines: readonly string[],
  time: unknown,
])[] = [
  ["nginx", NGINX, [
    nginx("GET /orders/1 HTTP/1.1"),
    nginx("POST /carts HTTP/1.1", { status: 503 }),
  ], "10ms"],
  [
    "nginx with times of several attempts",
    '[$time_iso8601] "$request" $status $upstream_header_time',
    [
      '[2026-10-10T13:55:36+00:00] "GET /orders/1 HTTP/1.1" 200 0.010, 0.005',
      '[2026-10-10T13:55:36+00:00] "POST /carts HTTP/1.1" 503 -',
    ],
    "15ms",
  ],
  [
    "Apache in µs",
    '%h %l %u %t \\"%r\\" %>s %b %D',
    [
      '10.0.0.1 - ann [10/Oct/2026:13:55:36 -0700] "GET /orders/1 HTTP/1.1" 200 12 7250',
      '10.0.0.1 - - [10/Oct/2026:13:55:36 -0700] "POST /carts HTTP/1.1" 503 - 90',
    ],
    "7.25ms",
  ],
  [
    "Apache by its parts",
    '%{msec}t %m "%U%q" %s %{ms}T',
    [
      '1791640536000 GET "/orders/1?a=b" 200 8',
      '1791640536100 POST "/carts" 503 9',
    ],
    "8ms",
  ],
  [
    "Envoy",
    "envoy",
    [
      '[2026-10-10T13:55:36.123Z] "GET /orders/1 HTTP/2" 200 - 0 154 9 7 "-" "curl" "id" "host" "10.0.0.9:80"',
      '[2026-10-10T13:55:36.200Z] "POST /carts HTTP/2" 503 UF 0 91 5 - "-" "curl" "id" "host" "-"',
    ],
    "7ms",
  ],
  [
    "HAProxy",
    "haproxy",
    [
      'Oct 10 13:55:36 lb haproxy[14389]: 10.0.1.2:33317 [10/Oct/2026:13:55:36.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {shop.test} {} "GET /orders/1 HTTP/1.1"',
      'Oct 10 13:55:36 lb haproxy[14389]: 10.0.1.2:33317 [10/Oct/2026:13:55:36.700] http-in static/<NOSRV> 0/-1/-1/-1/5 503 212 - - SC-- 1/1/0/0/0 0/0 "POST /carts HTTP/1.1"',
    ],
    "69ms",
  ],
  [
    "Envoy after a prefix of docker",
    undefined,
    [
      'proxy-1  | [2026-10-10T13:55:36.123Z] "GET /orders/1 HTTP/2" 200 - 0 154 9 7 "-" "curl"',
      'proxy-1  | [2026-10-10T13:55:36.200Z] "POST /carts HTTP/2" 503 UF 0 91 5 - "-" "curl"',
    ],
    "7ms",
  ],
  [
    "Istio",
    undefined,
    [
      '[2026-10-10T13:55:36.123Z] "GET /orders/1 HTTP/1.1" 200 - via_upstream - "-" 0 154 9 8 "-" "curl" "id" "host" "10.0.0.9:80"',
      '[2026-10-10T13:55:36.200Z] "POST /carts HTTP/1.1" 503 UF upstream_reset - "reset, by \\"peer\\"" 0 91 5 - "-" "curl"',
    ],
    "8ms",
  ],
  [
    "ingress-nginx, with a second attempt",
    undefined,
    [
      '2001:db8::7 - - [10/Oct/2026:13:55:36 +0000] "GET /orders/1 HTTP/2.0" 200 4 "-" "curl" 370 0.009 [shop-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 4 0.004, 0.002 502, 200 ab1',
      '2001:db8::7 - - [10/Oct/2026:13:55:36 +0000] "POST /carts HTTP/2.0" 503 4 "-" "curl" 370 0.009 [shop-80] [] - - - - ab2',
    ],
    "6ms",
  ],
  [
    "Traefik",
    undefined,
    [
      '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /orders/1 HTTP/1.1" 200 4 "-" "curl" 31 "shop@docker" "http://10.0.0.9:80" 12ms',
      '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "POST /carts HTTP/1.1" 503 4 "-" "curl" 32 "shop@docker" "http://10.0.0.9:80" 3ms',
    ],
    "12ms",
  ],
  [
    "the combined format after other words, as a replay reads it",
    undefined,
    [
      'shop.test:443 10.0.0.2, 10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /orders/1 HTTP/1.1" 200 12 "-" "curl"',
      'Oct 10 13:55:36 web nginx: 10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "POST /carts HTTP/1.1" 503 12 "-" "curl"',
    ],
    undefined,
  ],
  [
    "JSON after a prefix of docker",
    undefined,
    [
      'web-1  | {"level":"info","msg":"ready"}',
      'web-1  | {"time":"2026-10-10T13:55:36Z","method":"GET","path":"/orders/1","status":200,"latency":"2ms"}',
      'web-1  | {"time":"2026-10-10T13:55:36Z","method":"POST","path":"/carts","status":503,"latency":"1s"}',
    ],
    "2ms",
  ],
  [
    "JSON of nginx",
    "json",
    [
      '{"time_iso8601":"2026-10-10T13:55:36+00:00","request":"GET /orders/1 HTTP/1.1","status":"200","request_time":"0.004"}',
      '{"time_iso8601":"2026-10-10T13:55:36+00:00","request":"POST /carts HTTP/1.1","status":"503","request_time":"0.1"}',
    ],
    "4ms",
  ],
  [
    "JSON of Caddy",
    undefined,
    [
      '{"level":"info","ts":1791640536.5,"request":{"method":"GET","uri":"/orders/1","host":"a"},"duration":0.0035,"status":200}',
      '{"level":"info","ts":1791640536.6,"request":{"method":"POST","uri":"/carts","host":"a"},"duration":0.1,"status":503}',
    ],
    "3.5ms",
  ],
  [
    "JSON of Traefik",
    undefined,
    [
      '{"StartUTC":"2026-10-10T13:55:36Z","RequestMethod":"GET","RequestPath":"/orders/1","DownstreamStatus":200,"OriginDuration":2500000,"Duration":3000000}',
      '{"StartUTC":"2026-10-10T13:55:36Z","RequestMethod":"POST","RequestPath":"/carts","DownstreamStatus":503,"Duration":3000000}',
    ],
    "2.5ms",
  ],
  [
    "JSON with units in its texts",
    undefined,
    [
      '{"time":"2026-10-10T13:55:36Z","method":"GET","path":"/orders/1","status":200,"latency":"6.5ms"}',
      '{"time":"2026-10-10T13:55:36Z","method":"POST","path":"/carts","status":503,"latency":"1s"}',
    ],
    "6.5ms",
  ],
];

for (const [name, format, lines, time] of FORMATS) {
  Deno.test(`Routes, durations and statuses of ${name}`, async () => {
    const { status, routes, script, summary } = await importOf(
      { "access.log": lines.join("\n") },
      ...format === undefined ? [] : ["--log-format", format],
    );
    equal(status, 0, summary);
    deepEqual(
      routes.map((
        { method, path, serviceTime, response },
      ) => [method, path, serviceTime, response?.status]),
      [["POST", "/carts", undefined, 503], [
        undefined,
        "/orders/:orderId",
        time,
        undefined,
      ]],
    );
    ok(script !== undefined, summary);
  });
}

Deno.test("Errors become faults with their shares, and their durations do not count", async () => {
  const lines = [
    ...Array.from(
      { length: 18 },
      () => nginx("GET /a HTTP/1.1", { upstream: "0.020" }),
    ),
    ...Array.from(
      { length: 2 },
      () => nginx("GET /a HTTP/1.1", { status: 502, upstream: "9.0" }),
    ),
  ];
  const { routes } = await importOf(
    { "a.log": lines.join("\n") },
    "--log-format",
    NGINX,
  );
  deepEqual(routes, [{
    id: "get-a",
    path: "/a",
    serviceTime: "20ms",
    response: { size: 512 },
    faults: [{ share: 0.1, status: 502 }],
  }]);
});

Deno.test("Lines without a request, paths that were never found and preflights are left out and named", async () => {
  const { routes, summary } = await importOf(
    {
      "a.log": [
        nginx("GET /a HTTP/1.1"),
        nginx("\\x16\\x03\\x01"),
        nginx("-", { status: 408 }),
        nginx("CONNECT a.test:443 HTTP/1.1"),
        nginx("OPTIONS * HTTP/1.1"),
        nginx("OPTIONS /a HTTP/1.1", { status: 204 }),
        nginx("GET /wp-login.php HTTP/1.1", { status: 404 }),
        nginx("GET //a HTTP/1.1"),
        "nonsense",
      ].join("\n"),
    },
    "--log-format",
    NGINX,
  );
  deepEqual(routes.map(({ path }) => path), ["/a"]);
  for (
    const line of [
      "2 × no request (line 2, line 3)",
      "1 × CONNECT (line 4)",
      "1 × OPTIONS * (line 5)",
      "1 × paths with an empty segment, for which there can be no route (line 8)",
      "1 × not in the given format (line 9)",
      "1 × paths that were never found (404) (GET /wp-login.php)",
      "1 × preflights, which the server answers itself (OPTIONS /a)",
    ]
  ) ok(summary.includes(line), `${line}\n${summary}`);
});

Deno.test("A log that the load engine can read is replayed by its script; of another one, the rate over time is sent", async () => {
  const lines = [36, 36, 36, 38].map((second) =>
    nginx("GET /a HTTP/1.1", { second })
  );
  const replayed = await importOf(
    { "a.log": lines.join("\n") },
    "--log-format",
    NGINX,
  );
  deepEqual(replayed.script?.scenarios.recorded, {
    executor: "replay",
    trace: { file: "a.log", format: "access-log" },
  });
  const json = lines.map((_, i) =>
    JSON.stringify({
      ts: 1791640536 + [0, 0, 0, 2][i],
      method: "GET",
      path: `/a/${i}`,
      status: 200,
      duration_ms: 5,
    })
  );
  const rated = await importOf({ "a.log": json.join("\n") });
  deepEqual(rated.script?.scenarios.recorded, {
    executor: "arrival-rate",
    duration: "3s",
    maxInFlight: 10_000,
    rate: {
      steps: [{ at: "0s", value: "3/s" }, { at: "1s", value: "0/s" }, {
        at: "2s",
        value: "1/s",
      }],
    },
    requests: [{ path: "/a/0", weight: 4 }],
  });
});

Deno.test("Without durations the mock says so, and without a request a log is refused", async () => {
  const { routes, summary } = await importOf({
    "a.log":
      '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 12 "-" "x"',
  });
  deepEqual(routes, [{ id: "get-a", path: "/a", response: { size: 12 } }]);
  match(summary, /The log has no durations/);
  for (
    const [text, format, message] of [
      ["", "combined", /it is empty/],
      [
        "nonsense\n",
        undefined,
        /no line is in a known format: the first begins with "nonsense"/,
      ],
      [
        '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "-" 408 0\n',
        "common",
        /no line holds a request: 1 × no request \(line 1\)/,
      ],
      ["x", "$status", /the format has no request and no path/],
    ] as const
  ) {
    const wrong = await importOf(
      { "a.log": text },
      ...format === undefined ? [] : ["--log-format", format],
    );
    equal(wrong.status, 2, wrong.summary);
    match(wrong.summary, message);
  }
});
