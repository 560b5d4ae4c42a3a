/**
 * All runs of a server, across the revisions of its configuration. All end with the server.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  type LoadHost,
  type LoadOptions,
  readProcessFigures,
} from "../../../core/load.ts";
import {
  agreed,
  type Clock,
  type Host,
  isOfAll,
  PerfmockError,
  wallTime,
  WHOLE,
} from "../../../core/plugin.ts";
import {
  type Destination,
  isLoopback,
  ownDestination,
  resolveTarget,
} from "../http/mod.ts";
import { invalidScript, parseScript } from "../script/parse.ts";
import type { Script, ScriptTools, StressScenarios } from "../script/script.ts";
import {
  connectionsWithin,
  descriptorIssue,
  type Descriptors,
  usersOf,
} from "./descriptors.ts";
import type { ThreadWorker } from "./load_thread_handle.ts";
import { Run } from "./run.ts";
import { loadMetrics, RunSeries } from "./series.ts";

/** Maximum number of active runs: each needs a thread. */
export const MAX_ACTIVE = 16;

/** Number of ended runs that are remembered. */
const MAX_ENDED = 50;

/** Maximum number of bytes of ended runs that are remembered. The latest one is remembered in any case. */
export const ENDED_BYTES: number = 64 << 20;

/** Tools that a revision gives to its runs. */
export interface RunsOptions {
  /** Host of the plugin. */
  readonly host: Pick<
    Host,
    | "clock"
    | "dials"
    | "kit"
    | "log"
    | "metrics"
    | "seed"
    | "segment"
    | "stream"
    | "suggest"
    | "url"
    | "version"
  >;
  /** Thread input and virtual world of the server. */
  readonly loadHost: LoadHost;
  /** Origins other than this machine that load may be sent to. */
  readonly targets: readonly string[];
  /** Service that runs stress scenarios; undefined if that plugin is off. */
  readonly stress: StressScenarios | undefined;
  /** Starts the worker of a load thread. Default: a real thread. */
  readonly startWorker?: () => ThreadWorker;
  /** Reads the descriptors of a process. Default: those of this one. */
  readonly readDescriptors?: () => {
    readonly openFds?: number;
    readonly maxFds?: number;
  };
}

/** Options of a start. */
export interface StartOptions
  extends Pick<LoadOptions, "folder" | "segment" | "startAt"> {
  /** True for a share that another process asked for: it waits until that process tells it to begin. Default false. */
  readonly led?: boolean;
}

/** The runs of a server. */
export class Runs implements AsyncDisposable {
  /** Text that no other server has, by which two names of one server are told from two servers. */
  readonly server: string = crypto.randomUUID();
  #options: RunsOptions;
  readonly #runs = new Map<string, Run>();
  readonly #seriesOf: ReturnType<typeof loadMetrics>;
  readonly #clock: Clock;
  /** Number of descriptors set aside for each active run. */
  readonly #reserved = new Map<Run, number>();
  /** Number of open descriptors when no run was active. */
  #openAlone = 0;
  #count = 0;
  #disposed = false;

  /**
   * Creates an empty list of runs.
   *
   * @param options those of the first revision
   */
  constructor(options: RunsOptions) {
    this.#options = options;
    this.#clock = options.host.clock;
    this.#seriesOf = loadMetrics(options.host.metrics);
  }

  /** Future runs use another revision's options; active runs keep theirs. */
  adopt(options: RunsOptions): void {
    this.#options = options;
  }

  /** The active runs. */
  get active(): readonly Run[] {
    return this.all.filter((run) => !run.isOver);
  }

  /** The active runs and the latest ended ones, in the order of their start. */
  get all(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /** Returns the run with an id. */
  find(id: string): Run | undefined {
    return this.#runs.get(id);
  }

  /**
   * Starts a run.
   *
   * @param value the script as written
   * @param how folder, as an absolute path, that the script's relative paths start from, by default the configuration's; share of the
   * traffic to send, by default all of it, or that of the replica where all of a fleet send theirs; time of the start in ms since 1970, by default at once; `led` for a share
   * that another process asked for
   * @throws PerfmockError `SCRIPT_INVALID` with all issues, or if the maximum number of runs is active; nothing was started then
   */
  async start(
    value: unknown,
    {
      folder,
      segment = isOfAll() ? this.#options.host.segment : WHOLE,
      startAt,
      led = false,
    }: StartOptions = {},
  ): Promise<Run> {
    this.#checkRoom();
    const options = this.#options;
    const { host, loadHost, stress, startWorker } = options;
    const from = folder ?? fileURLToPath(loadHost.thread.folder);
    let files = false;
    const script = await this.#read(value, options, {
      folder: from,
      segment,
      unread: () => files = true,
    });
    const destination = await destinationOf(script, options);
    // Other runs may have started meanwhile.
    this.#checkRoom();
    const { connections, reserved } = this.#fit(script, destination, options);
    // All replicas of a fleet send their shares of the run, or none does.
    await agreed();
    const run = new Run({
      id: `${script.name}-${++this.#count}`,
      script,
      order: {
        input: loadHost.thread,
        script: value,
        folder: from,
        segment,
        complete: led,
        seed: host.seed,
        destination,
        connections,
      },
      clock: this.#clock,
      dials: host.dials,
      stress,
      series: new RunSeries(this.#seriesOf, this.#clock),
      startAt: startAt && startAt - wallTime(0),
      led,
      startWorker,
    });
    this.#reserved.set(run, reserved);
    this.#remember(run);
    // The process that asked for a share is told of its errors before the start is agreed.
    if (files || led) {
      await run.started;
      if (run.issues.length > 0) {
        await run.over;
        this.#runs.delete(run.id);
        throw invalidScript(run.issues);
      }
    }
    return run;
  }

  /** Ends all runs at once; settles when all have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const { active } = this;
    for (const run of active) run.cut("the server ended");
    await Promise.all(active.map(({ over }) => over));
  }

  #checkRoom(): void {
    if (!this.#disposed && this.active.length < MAX_ACTIVE) return;
    throw new PerfmockError(
      "SCRIPT_INVALID",
      this.#disposed
        ? "Cannot start a run: the server is ending"
        : `Cannot start a run: ${MAX_ACTIVE} are active, and each needs a thread; stop one, or wait for its end`,
      [],
      { status: this.#disposed ? 503 : 429 },
    );
  }

  /**
   * Returns the number of connections that a run may open, and the descriptors that its users take.
   *
   * @throws PerfmockError `SCRIPT_INVALID` if the process cannot open as many
   */
  #fit(
    script: Script,
    destination: Destination,
    { host: { url }, readDescriptors = readProcessFigures }: RunsOptions,
  ): { readonly connections: number; readonly reserved: number } {
    const each = isOwn(destination, url) ? 2 : 1;
    const descriptors = this.#descriptors(readDescriptors());
    const connections = connectionsWithin(descriptors, each);
    // Over HTTP/2, many users share a connection.
    if (destination.secure) return { connections, reserved: 0 };
    const users = usersOf(script);
    const issue = descriptorIssue(script, { users, each }, descriptors);
    if (issue !== undefined) throw invalidScript([issue]);
    return { connections, reserved: users * each };
  }

  #descriptors(
    { openFds = 0, maxFds = Infinity }: {
      readonly openFds?: number;
      readonly maxFds?: number;
    },
  ): Descriptors {
    if (this.#reserved.size === 0) this.#openAlone = openFds;
    // Active runs may not have opened all of their connections yet.
    let taken = this.#openAlone;
    for (const reserved of this.#reserved.values()) taken += reserved;
    return { most: maxFds, taken: Math.max(openFds, taken) };
  }

  /** Reads the script, but for its files: the run's thread reads them. */
  #read(
    value: unknown,
    { host, stress, targets }: RunsOptions,
    how: Pick<ScriptTools, "folder" | "segment" | "unread">,
  ): Promise<Script> {
    const { kit, dials, seed } = host;
    return parseScript(value, {
      kit,
      seed,
      stream: (seed, name) => host.stream(seed, name),
      suggest: (name, candidates) => host.suggest(name, candidates),
      ...how,
      server: { dials, stress, targets },
    });
  }

  #remember(run: Run): void {
    this.#runs.set(run.id, run);
    const { host } = this.#options;
    run.over.then(() => {
      this.#reserved.delete(run);
      if (run.state === "failed") {
        host.log("error", `Run ${run.id} failed: ${run.error}`);
      }
      this.#forget();
    });
  }

  #forget(): void {
    const over = this.all.filter((run) => run.isOver);
    for (const { id } of beyondBounds(over)) this.#runs.delete(id);
  }
}

/** Returns the oldest of the ended runs, as far as they are too many or too large. */
export function beyondBounds<Ended extends Pick<Run, "bytes">>(
  over: readonly Ended[],
): readonly Ended[] {
  let bytes = 0;
  let kept = 0;
  for (const run of over.toReversed()) {
    bytes += run.bytes;
    if (kept === MAX_ENDED || kept > 0 && bytes > ENDED_BYTES) break;
    kept++;
  }
  return over.slice(0, over.length - kept);
}

/** Returns whether a destination is the server at a URL. */
function isOwn({ addresses, port }: Destination, url: URL | undefined) {
  return url !== undefined && addresses.every(isLoopback) &&
    port === Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

/** Returns the destination of a script's requests, after checking that it is allowed. */
async function destinationOf(
  { target }: Script,
  { host, targets }: RunsOptions,
) {
  if (target !== undefined) return await resolveTarget(target, { targets });
  if (host.url !== undefined) return await ownDestination(host.url);
  throw new PerfmockError("SCRIPT_INVALID", "Cannot find a target", [{
    path: "/target",
    message: "The script names no target, and this server does not listen",
    allowed: "the URL of a server",
  }]);
}
