/**
 * A configuration in force: the server's own, or a session's. One revision at a time, and what outlives them.
 *
 * @module
 */
import type { Dials } from "../plugin.ts";
import type { PerfmockConfig } from "../config/mod.ts";
import type { RouteDescription } from "../control/builtin_endpoints.ts";
import { DialBoard } from "./dials.ts";
import { PerfmockError } from "../errors.ts";
import { LiveExchange, type Peer } from "../pipeline/exchange.ts";
import type { Flow } from "../pipeline/flow.ts";
import { forget } from "../pipeline/edge.ts";
import { ExchangeJournal } from "../observe/journal.ts";
import { LiveFeed } from "../observe/live_feed.ts";
import { collected } from "../observe/sliced_json.ts";
import { type Stats, type StatsParts, StatsSource } from "../observe/stats.ts";
import type { Recorder } from "../observe/recorder.ts";
import { abandon, createFlow } from "../pipeline/pipeline.ts";
import type { SequenceCounter } from "../pipeline/plan.ts";
import type { Endpoint, Kit, Metrics } from "../plugin.ts";
import type { Written } from "../control/config_edits.ts";
import { revisionsIn } from "../control/config_endpoints.ts";
import { restartFaults } from "./restart.ts";
import { buildRevision, type Revision } from "./revision.ts";
import type { SettingsInput } from "./settings.ts";
import type { TenantParts } from "./tenant_parts.ts";

/** What all tenants of a server share. */
export type CommonParts =
  & Pick<
    TenantParts,
    "clock" | "report" | "traces" | "url" | "virtualWorld" | "log"
  >
  & Pick<StatsParts, "started" | "eventLoopLag">;

/** What a tenant is made with. */
export interface TenantOptions {
  /** What it shares with the others. */
  readonly common: CommonParts;
  /** The session's name; undefined for the server's own. */
  readonly session?: string | undefined;
  /** Its view of the server's metrics. */
  readonly metrics: Metrics;
  /** Its figures. */
  readonly recorder: Recorder;
  /** Whether plugins of scope `server` are left out. */
  readonly sessionPluginsOnly: boolean;
  /** The control API's own endpoints. */
  readonly builtin: (tenant: Tenant, kit: Kit) => readonly Endpoint[];
  /** The HTTP server that runs; undefined before there is one. */
  readonly engine: () => "deno" | "node" | undefined;
  /** Told of each revision that takes over. */
  readonly adopted?: (revision: Revision) => void;
}

/** What a change may demand. */
export interface ChangeOptions {
  /** The revisions it was made for; any where absent. */
  readonly revisions?: readonly number[] | undefined;
  /** Whether files are read again too, those of profiles included. */
  readonly afresh?: boolean;
}

/** One configuration in force. */
export class Tenant {
  readonly #options: TenantOptions;
  readonly #parts: TenantParts;
  readonly #sequences = new Map<string, SequenceCounter>();
  readonly #dials = new DialBoard();
  readonly #made: number;
  readonly #stats: StatsSource;
  /** GET live. */
  readonly live: LiveFeed;
  readonly #journal: ExchangeJournal;
  #revision: Revision | undefined;
  #number = 0;
  /** Changes are made one after another: each sees what the one before has left. */
  #changes: Promise<unknown> = Promise.resolve();
  /** Revisions are disposed in their order, since a later one may keep what an earlier one still uses. */
  #disposals: Promise<void> = Promise.resolve();
  #ended = false;

  /** @param options what it is made with */
  constructor(options: TenantOptions) {
    const { common, session, metrics, recorder, sessionPluginsOnly } = options;
    this.#options = options;
    this.#made = common.clock.now();
    this.#stats = new StatsSource({
      ...common,
      recorder,
      revision: () => this.#number,
      inFlight: () => this.flow.size,
      plugins: () =>
        this.revision.plugins.flatMap(({ plugin: { name }, instance }) =>
          instance.snapshot === undefined
            ? []
            : [[name, () => instance.snapshot?.()] as const]
        ),
    });
    this.live = new LiveFeed(this.#stats);
    this.#journal = new ExchangeJournal(1, this.#made, session ?? null);
    this.#parts = {
      ...common,
      session,
      metrics,
      recorder,
      sessionPluginsOnly,
      flow: createFlow(),
      sequences: this.#sequences,
      dials: this.#dials,
      journal: this.#journal,
      update: async (edit, ifMatch = null) => {
        await this.changeWritten(
          ({ value }) => edit(value),
          revisionsIn(ifMatch),
        );
        return this.#number;
      },
    };
  }

  /** The revision in force. */
  get revision(): Revision {
    if (this.#revision === undefined) {
      throw new PerfmockError(
        "SERVER_NOT_STARTED",
        "Cannot use a server that was not started",
      );
    }
    return this.#revision;
  }

  /** Its number, from 1. */
  get number(): number {
    return this.#number;
  }

  /** The session's name; undefined for the server's own. */
  get session(): string | undefined {
    return this.#options.session;
  }

  /** The configuration, complete and frozen. */
  get config(): PerfmockConfig {
    return this.revision.config;
  }

  /** The exchanges under way. */
  get flow(): Flow {
    return this.#parts.flow;
  }

  /** What can be turned. */
  get dials(): Dials {
    return this.#dials;
  }

  /** The ended exchanges. */
  get journal(): ExchangeJournal {
    return this.#journal;
  }

  /** Answers a request. */
  fetch(request: Request, peer?: Peer): Response | Promise<Response> {
    return this.revision.fetch(request, peer);
  }

  /**
   * The first revision.
   *
   * @throws PerfmockError with all faults
   */
  async start(input: SettingsInput): Promise<void> {
    this.#adopt(await this.#build(input));
  }

  /**
   * Changes the configuration. Everything is built and validated first; the change takes over between two requests, and
   * exchanges under way go on as they began. Where anything is wrong nothing is changed.
   *
   * @param edit makes the new configuration, as written, from a copy of the present one
   * @throws PerfmockError `REVISION_STALE`, `RESTART_REQUIRED`, or with all faults; what `edit` throws
   */
  change(
    edit: (input: SettingsInput) => SettingsInput,
    { revisions, afresh }: ChangeOptions = {},
  ): Promise<Revision> {
    const change = this.#changes.then(async () => {
      if (revisions?.includes(this.#number) === false) {
        throw stale(revisions, this.#number);
      }
      const { input } = this.revision;
      const next = await this.#build(
        edit({ ...input, value: structuredClone(input.value) }),
        afresh,
      );
      const faults = this.#ended
        ? undefined
        : restartFaults(this.config, next, this.#options.engine());
      if (faults === undefined || faults.length > 0) {
        await next.dispose(next.kept.beyond(this.revision.kept));
        throw faults === undefined
          ? new PerfmockError(
            "SERVER_NOT_STARTED",
            "Cannot change a server that has ended",
          )
          : new PerfmockError(
            "RESTART_REQUIRED",
            "Cannot change this while the server runs: it takes a restart",
            faults,
          );
      }
      this.#adopt(next);
      return next;
    });
    this.#changes = change.catch(() => {});
    return change;
  }

  /** The configuration as written. */
  get written(): unknown {
    return this.revision.input.value;
  }

  /** Changes what was written; see {@linkcode Tenant.change}. */
  changeWritten(
    edit: (written: Written) => unknown,
    revisions?: readonly number[],
  ): Promise<Revision> {
    return this.change((input) => ({
      ...input,
      value: edit({
        value: input.value,
        ids: this.config.routes.map(({ id }) => id),
      }),
    }), { revisions });
  }

  async #build(input: SettingsInput, afresh = false): Promise<Revision> {
    const { builtin } = this.#options;
    return await buildRevision(input, {
      parts: this.#parts,
      before: this.#revision?.kept,
      ground: afresh ? undefined : this.#revision?.ground,
      builtin: (kit) => builtin(this, kit),
    });
  }

  /** Synchronous: no request sees half of it. */
  #adopt(next: Revision): void {
    const before = this.#revision;
    this.#journal.resize(Math.max(1, next.config.journal.capacity));
    for (const { instance, plugin } of next.plugins) {
      try {
        instance.adopt?.();
      } catch (error) {
        this.#parts.log(
          "error",
          `Plugin "${plugin.name}" did not take over its new settings: ${error}`,
        );
      }
    }
    this.#dials.adopt(next.dials);
    // First: it makes room for the series of all routes.
    this.#options.adopted?.(next);
    for (const route of next.routes) route.adopt();
    this.#parts.recorder.keep(next.routes.map(({ parts }) => parts.route.id));
    this.#revision = next;
    this.#number++;
    if (before !== undefined) this.#retire(before, next);
  }

  #retire(before: Revision, next: Revision): void {
    const ended = Promise.withResolvers<void>();
    before.generation.retire(ended.resolve);
    next.kept.forget();
    // Found out now: what is disposed later must not hold on to what took its place, or each would hold the next.
    const values = before.kept.beyond(next.kept);
    this.#disposals = disposeInTurn(this.#disposals, {
      before,
      ended: ended.promise,
      values,
    });
  }

  /** What happened since the start or the last reset. */
  stats(): Stats {
    return this.#stats.stats();
  }

  /** The same as JSON, written so that it does not hold up responses. */
  async statsText(): Promise<Uint8Array<ArrayBuffer>> {
    return await collected(this.#stats.snapshot()) ?? new Uint8Array();
  }

  /** The mock routes, in the order in which they are matched. */
  get routes(): readonly RouteDescription[] {
    return this.revision.routes.map(({ parts }) => ({
      id: parts.route.id,
      methods: parts.route.methods,
      path: parts.route.path,
      does: parts.summaries,
      settings: parts.settings,
    }));
  }

  /** The service time that an exchange of a route gets. */
  draw(id: string, sequence: number, key?: string): number {
    const route = this.revision.routes.find(({ parts }) =>
      parts.route.id === id
    );
    if (route === undefined) {
      throw new PerfmockError(
        "ARGUMENT_INVALID",
        `Cannot draw for a route "${id}": there is none`,
      );
    }
    const x = new LiveExchange(
      route.plan(route.methods[0]),
      "GET",
      undefined,
    );
    x.sequence = sequence;
    // Whatever header the route samples by, this is its value.
    x.header = () => key ?? null;
    return route.parts.hooks.serve?.(x) ?? 0;
  }

  /** Sequence numbers, journal and stats start afresh. */
  reset(): void {
    for (const sequence of this.#sequences.values()) sequence.next = 0;
    for (const { parts } of this.revision.routes) parts.faults?.reset();
    for (const { instance } of this.revision.plugins) instance.reset?.();
    this.#journal.reset();
    this.#parts.recorder.reset(this.#parts.clock.now());
  }

  /** Cuts what is under way, and returns it: its promises are to be forgotten once the connections are gone. */
  cut(): LiveExchange[] {
    this.#ended = true;
    this.live[Symbol.dispose]();
    const { flow } = this.#parts;
    flow.draining = true;
    const cut: LiveExchange[] = [];
    flow.endAll((x) => {
      abandon(x, "cut");
      cut.push(x);
    });
    return cut;
  }

  /** Ends it; what is under way is cut, everything is given back. */
  async end(): Promise<void> {
    for (const x of this.cut()) forget(x);
    await this.#changes;
    await this.#disposals;
    await this.#revision?.dispose(this.#revision.kept.beyond(undefined));
  }
}

async function disposeInTurn(
  disposals: Promise<void>,
  { before, ended, values }: {
    readonly before: Revision;
    readonly ended: Promise<void>;
    readonly values: readonly unknown[];
  },
): Promise<void> {
  await disposals;
  await ended;
  await before.dispose(values);
}

function stale(asked: readonly number[], present: number): PerfmockError {
  return new PerfmockError(
    "REVISION_STALE",
    `Cannot change revision ${
      asked.join(", ") || "that If-Match names"
    }: the configuration is at revision ${present}`,
  );
}

/** What a callback makes of it, where it throws. */
export function attempt<T>(
  work: () => T,
  otherwise: (error: unknown) => T,
): T {
  try {
    return work();
  } catch (error) {
    return otherwise(error);
  }
}
