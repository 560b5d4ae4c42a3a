import { deepEqual, equal, match } from "node:assert/strict";
import { MAX_LENGTH } from "../../core/config/_path_patterns.ts";
import { MAX_PATH } from "../../core/config/_route_settings.ts";
import { MOST_ISSUES } from "../../core/config/schema.ts";
import { LISTED_KEYS } from "../../core/config/_zod_issues.ts";
import { REPORTED } from "../../core/config/_syntax.ts";
import { GROWTH, SMALL } from "../../core/config/_yaml.ts";
import { MAX_DEPTH, MAX_KEYS } from "../../core/config/depth.ts";
import { MOST_ITEMS } from "../../core/config/body_settings.ts";
import { createKit } from "../../core/config/kit.ts";
import {
  type ServerSettings,
  serverType,
} from "../../core/config/server_settings.ts";
import {
  FILE_READER_LIMITS,
  TEXT_READER_LIMITS,
} from "../../core/config/text_reader.ts";
import { validate } from "../../core/config/validate.ts";
import { LONGEST_MATCHED } from "../../core/config/when_settings.ts";
import type { Kit, Schema } from "../../core/contract/values.ts";
import { BODY_LIMIT } from "../../core/control/endpoints.ts";
import {
  type LineLimits,
  TABLE_LIMITS,
  TEXT_LIMITS,
  TIMES_LIMITS,
} from "../../core/lib/read_file.ts";
import { MAX_MESSAGE } from "../../core/config/websocket_settings.ts";
import { BUSY, FULL, MOST_REPLIES } from "../../core/respond/websocket.ts";
import { READER_LIMIT } from "../../core/observe/live_feed.ts";
import { MOST_ANSWERED } from "../../core/pipeline/batch.ts";
import { MOST_EXPLAINED } from "../../core/pipeline/choice.ts";
import { DEEPEST, READ_LIMIT } from "../../core/pipeline/received_body.ts";
import { MOST_IN_BATCH } from "../../core/pipeline/request_view.ts";
import { MAX_HOPS } from "../../core/respond/_proxied_request.ts";
import {
  BYTES_PER_PIECE,
  PIECES_PER_TURN,
} from "../../core/respond/body_stream.ts";
import { CODING_LIMIT } from "../../core/respond/coder.ts";
import { MOST_CODED, MOST_CODED_AT_ONCE } from "../../core/respond/coding.ts";
import { WHOLE, WHOLE_LENGTH } from "../../core/respond/repeat.ts";
import { MOST_RANGES } from "../../core/respond/representation.ts";
import { LIMITS as CERTIFICATE_LIMITS } from "../../core/server/serve_certificate.ts";
import {
  DISPOSAL_LIMIT,
  SETUP_LIMIT,
} from "../../core/world/plugin_lifecycle.ts";
import { IMPORT_LIMIT } from "../../core/world/plugin_loader.ts";
import {
  BUCKET_LIMITS,
  MOST_BUCKETS,
} from "../../plugins/distributions/_buckets.ts";
import { MAX_WAITING } from "../../plugins/exporters/statsd.ts";
import { MAX_WAITING_EVENTS, SCRIPT_LIMIT } from "../../core/load.ts";
import { MOST_PARTS } from "../../plugins/load_engine/figures/scenario_figures.ts";
import { MAX_ROWS as MAX_POINTS } from "../../plugins/load_engine/figures/time_series.ts";
import { MAX_CHECKED_BODY } from "../../plugins/load_engine/http/fetch_environment.ts";
import { MAX_KEPT_BODY } from "../../plugins/load_engine/http/response_reader.ts";
import loadEngine, {
  type LoadEngineOptions,
} from "../../plugins/load_engine/mod.ts";
import { MAX_ACTIVE } from "../../plugins/load_engine/runs/runs.ts";
import {
  HAR_LIMITS,
  LINE_LIMITS,
  MAX_REQUESTS,
} from "../../plugins/load_engine/script/_read_trace.ts";
import {
  CSV_LIMITS,
  MAX_CELLS,
  MAX_ROWS,
} from "../../plugins/load_engine/script/_read_variables.ts";
import { RENDERED_BYTES } from "../../plugins/load_engine/simulation/virtual_environment.ts";
import { MAX_ENDED } from "../../plugins/resource_stress/stress.ts";

const TEXT = await Deno.readTextFile(
  new URL("../../docs/limits.md", import.meta.url),
);

/** Rows of a part of the page that begin with a name: the cells by that name. */
function rows(heading: string): Record<string, readonly string[]> {
  const [, part] = TEXT.split(`\n## ${heading}\n`);
  const lines = part.split("\n## ")[0].matchAll(/^\| `([^`]+)` \|(.*)\|$/gm);
  return Object.fromEntries(
    Array.from(lines, ([, name, cells]) => [
      name,
      cells.split(" | ").map((cell) => cell.trim()),
    ]),
  );
}

/** A number as the page writes it. */
function number(value: number): string {
  return value < 10_000
    ? `${value}`
    : value.toLocaleString("en").replaceAll(",", " ");
}

function mib(bytes: number): string {
  return `${bytes / 1024 ** 2} MiB`;
}

function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

function table({ bytes, lines, length }: LineLimits): string {
  return `${mib(bytes)}, ${number(lines)} lines of ${
    number(length)
  } characters`;
}

function defaultsOf<T>(schema: (kit: Kit) => Schema<T>): T {
  const kit = createKit({ folder: "/", distribution: () => ({ issues: [] }) });
  const parsed = validate(schema(kit), {});
  if (parsed.issues === undefined) return parsed.value;
  throw new Error(JSON.stringify(parsed.issues));
}

const { body } = defaultsOf(serverType as (kit: Kit) => Schema<ServerSettings>)
  .limits;
const { simulations } = defaultsOf(
  loadEngine.options as (kit: Kit) => Schema<LoadEngineOptions>,
);

/** Bounds of the code that are no number of bytes, by the names of their rows. */
const BY_NUMBER: Readonly<Record<string, string>> = {
  "control call": mib(BODY_LIMIT),
  "load script": mib(SCRIPT_LIMIT),
  "request body": `\`server.limits.body\`, ${body / 1024 ** 3} GiB by default`,
  "body that is looked at": mib(READ_LIMIT),
  "depth of a body": number(DEEPEST),
  batch: number(MOST_IN_BATCH),
  "batch answer": mib(MOST_ANSWERED),
  "explained routes": number(MOST_EXPLAINED),
  "matched text": `${number(LONGEST_MATCHED)} characters`,
  "upstream body": "read as fast as the client reads",
  "proxy hops": number(MAX_HOPS),
  "event pieces": number(PIECES_PER_TURN),
  "coded body": mib(MOST_CODED),
  "coding time": seconds(CODING_LIMIT),
  "coded at once": `${MOST_CODED_AT_ONCE / 1024} KiB`,
  ranges: number(MOST_RANGES),
  "list items": number(MOST_ITEMS),
  "items at once": `${number(WHOLE)}, or ${
    WHOLE_LENGTH / 1024 ** 2
  } Mi characters`,
  "websocket message": mib(MAX_MESSAGE),
  "websocket waiting": mib(BUSY),
  "websocket unread": mib(FULL),
  "websocket replies": `${number(MOST_REPLIES)}, with ${
    mib(FULL)
  } of messages that they repeat`,
  live: number(READER_LIMIT),
  "run events": number(MAX_WAITING_EVENTS),
  "active runs": number(MAX_ACTIVE),
  "simulation time": seconds(simulations.time),
  "simulation memory": mib(simulations.memory),
  "simulations at once": number(simulations.atOnce),
  "rendered paths": mib(RENDERED_BYTES),
  "run requests": number(MOST_PARTS),
  "run points": number(MAX_POINTS),
  "checked response": mib(MAX_CHECKED_BODY),
  statsd: `${number(MAX_WAITING)} bytes`,
  "stress scenarios": number(MAX_ENDED),
  "plugin import": seconds(IMPORT_LIMIT),
  "plugin setup": seconds(SETUP_LIMIT),
  "plugin disposal": seconds(DISPOSAL_LIMIT),
};

/** Bounds of files and texts in the code, by the names of their rows. */
const OF_FILES: Readonly<Record<string, string>> = {
  configuration: `${mib(TEXT_LIMITS.bytes)}; a load script ${
    mib(SCRIPT_LIMIT)
  }`,
  certificate: `${mib(CERTIFICATE_LIMITS.bytes)} each`,
  times: `${table(TIMES_LIMITS)}, ${number(TIMES_LIMITS.lines)} times`,
  points: table(TABLE_LIMITS),
  buckets: `${number(MOST_BUCKETS)} buckets; a file ${table(BUCKET_LIMITS)}`,
  "run trace": `${table(LINE_LIMITS)}, ${
    MAX_REQUESTS / 1024 ** 2
  } Mi characters of distinct requests`,
  "run har": mib(HAR_LIMITS.bytes),
  "run csv": `${mib(CSV_LIMITS.bytes)}, ${number(MAX_ROWS)} rows, ${
    number(MAX_CELLS)
  } cells`,
  nesting: number(MAX_DEPTH),
  keys: number(MAX_KEYS),
  aliases: `${GROWTH} times the length of the text, or ${
    number(SMALL)
  } characters`,
  "syntax errors": number(REPORTED),
  errors: number(MOST_ISSUES),
  "unknown keys": number(LISTED_KEYS),
  "script over HTTP": `${
    seconds(TEXT_READER_LIMITS.time)
  }, ${TEXT_READER_LIMITS.memory} MiB; ${TEXT_READER_LIMITS.waiting} others wait`,
  "file read again": `${
    seconds(FILE_READER_LIMITS.time)
  }, ${FILE_READER_LIMITS.memory} MiB`,
  path: `${number(MAX_PATH)} characters`,
  expression: `${number(MAX_LENGTH)} characters`,
};

Deno.test("docs/limits.md gives the bounds by number that the code has, and no others", () => {
  // The rows of the first table, which are bytes, have a cell more.
  const byNumber = rows("Memory");
  const bounds = Object.entries(byNumber).filter(([, cells]) =>
    cells.length === 3
  ).map(([name, [, bound]]) => [name, bound]);
  deepEqual(Object.fromEntries(bounds), BY_NUMBER);
  equal(MAX_KEPT_BODY, MAX_CHECKED_BODY);
  match(
    byNumber["event pieces"][0],
    new RegExp(`; ${BYTES_PER_PIECE / 1024} KiB count as one$`),
  );
});

Deno.test("docs/limits.md gives the bounds of files and texts that the code has, and no others", () => {
  const bounds = Object.entries(rows("Files and texts")).map((
    [name, [, bound]],
  ) => [name, bound]);
  deepEqual(Object.fromEntries(bounds), OF_FILES);
});
