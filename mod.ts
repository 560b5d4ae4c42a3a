/**
 * perfmock is an HTTP API mock server for performance tests: its response times follow the distributions that you configure.
 *
 * As a program, `deno run -A mod.ts` serves the configuration in deno.json's key `perfmock`. As a library:
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({
 *   seed: 42,
 *   routes: [{
 *     path: "/api/orders",
 *     serviceTime: { lognormal: { median: "8ms", p99: "30ms" } },
 *     response: { json: [] },
 *   }],
 * });
 * const response = await fetch(new URL("/api/orders", server.url));
 * console.assert(response.headers.get("perfmock-sequence") === "0");
 * await response.body?.cancel();
 * ```
 *
 * @module
 */
export {
  createPerfmock,
  type HonoApp,
  type Perfmock,
  type PerfmockOptions,
} from "./core/app.ts";
export type {
  BackendSettings,
  BodyConditionInput,
  Coding,
  Condition,
  ConditionPart,
  ControlSettings,
  CorsInput,
  CorsSettings,
  EngineName,
  EventsSettings,
  FaultInput,
  FaultSettings,
  FolderSettings,
  HeaderValues,
  MessageInput,
  MessageSettings,
  OverrideSettings,
  PerfmockConfig,
  PerfmockInput,
  PlacedCondition,
  PresetInput,
  ProxySettings,
  RepeatInput,
  RepeatSettings,
  ResponseInput,
  ResponseSettings,
  RouteInput,
  RouteSettings,
  ServerInput,
  ServerLimits,
  ServerLimitsInput,
  ServerSettings,
  SessionSettings,
  SharedInput,
  SharedSettings,
  SizeSettings,
  TextConditionInput,
  TimedMessage,
  TlsSettings,
  TurnKey,
  TurnResponseInput,
  TurnsInput,
  TurnsSettings,
  WebSocketInput,
  WebSocketSettings,
  WhenInput,
  WhenSettings,
  WireInput,
  WireSettings,
} from "./core/config/mod.ts";
export type {
  Health,
  RouteDescription,
} from "./core/control/builtin_endpoints.ts";
export type { ReplicaOptions } from "./core/cluster/identity.ts";
export type { SharedHealth } from "./core/shared/redis.ts";
export type { JournalFilter } from "./core/observe/journal.ts";
export type {
  InstrumentFigures,
  LiveEvent,
  Stats,
} from "./core/observe/stats.ts";
export type {
  Figures,
  RequestCounts,
  RouteFigures,
  WindowFigures,
} from "./core/observe/figures.ts";
export type { SocketFigures } from "./core/observe/socket_series.ts";
export type { UnmatchedRequest } from "./core/observe/unmatched.ts";
export type { ProcessFigures } from "./core/observe/read_process.ts";
export type {
  Clock,
  HistogramSummary,
  JournalEntry,
  Plugin,
} from "./core/plugin.ts";
export type {
  LoadOptions,
  LoadPart,
  LoadProgress,
  LoadScenario,
  LoadScenarioProgress,
  LoadSummary,
  LoadThreshold,
  LoadTimes,
} from "./core/contract/load.ts";
export { type ErrorCode, type Issue, PerfmockError } from "./core/errors.ts";

if (import.meta.main) {
  // Loaded only here, because a program that imports perfmock needs no command line.
  const { commandName, main } = await import("./core/cli/mod.ts");
  const command = commandName(Deno.mainModule, Deno.cwd());
  Deno.exit(await main(Deno.args, undefined, { command }));
}
