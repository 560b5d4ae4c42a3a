/**
 * A run on several workers, led by this process: the workers get the script with its files, agree on a start by their clocks, and send
 * each its share. Figures are asked for once a second, added up, and judged as a whole.
 *
 * @module
 */
import {
  deepestMessage,
  type LoadOptions,
  type LoadProgress,
  type LoadResult,
  type LoadWorker,
} from "../../../core/load.ts";
import {
  type Clock,
  type Issue,
  PerfmockError,
  type Segment,
  segmentText,
  toPointer,
  wallTime,
  WHOLE,
} from "../../../core/plugin.ts";
import { progressLine } from "../figures/formats.ts";
import { crossed, lateness, mergedResult } from "../figures/share.ts";
import type { ShareData } from "../figures/share_data.ts";
import {
  type ClockReading,
  Refusal,
  type ShareReport,
  WorkerClient,
} from "../http/mod.ts";
import {
  invalidScript,
  isLoopback,
  parseScript,
  withFiles,
} from "../script/parse.ts";
import type { Script, ScriptTools } from "../script/script.ts";
import { mergedProgress } from "./progress.ts";
import { sizeOfShare } from "./shares.ts";

/** Interval at which figures are asked for, in ms: that of the workers' own reports, a little later. */
const INTERVAL = 1000;
const AFTER_TICK = 200;

/** Time without an answer after which a worker counts as lost, in ms. */
const LOST = 5000;

/** Shortest time from the agreement to the start, in ms. */
const LEAD = 500;

/** Tools that a run is led with. */
export interface LeadTools extends Omit<ScriptTools, "segment" | "unread"> {
  readonly clock: Clock;
  /** Version of perfmock. */
  readonly version: string;
}

/** A worker with its share. */
interface Share {
  readonly worker: WorkerClient;
  readonly segment: Segment;
  clock: ClockReading;
  /** Id of the run there. */
  run: string;
  /** Last figures that arrived. */
  data: ShareData | undefined;
  progress: LoadProgress | undefined;
  /** Time of the last answer, on the clock. */
  heard: number;
  over: boolean;
  /** Reason why the worker is lost. */
  lost: string | undefined;
}

/**
 * Runs a script on workers.
 *
 * @param value the script as written
 * @throws PerfmockError with all errors of the script and of the workers, before anything is started
 */
export async function runOnWorkers(
  value: unknown,
  { workers = [], token, signal, progress }: Pick<
    LoadOptions,
    "progress" | "signal" | "token" | "workers"
  >,
  tools: LeadTools,
): Promise<LoadResult> {
  const script = await parseScript(value, tools);
  const shares = sharesOf(workers, token, tools.clock);
  refuse(scriptIssues(script));
  await prepare(value, { script, shares, tools });
  return await new Lead(script, { shares, tools, signal, progress }).run();
}

/** @throws PerfmockError `ARGUMENT_INVALID` with all errors in the list */
function sharesOf(
  names: readonly string[],
  token: string | undefined,
  clock: Clock,
): Share[] {
  const issues: Issue[] = [];
  const urls = new Map<string, string>();
  const clients = names.flatMap((name) => {
    try {
      const worker = new WorkerClient(name, { token, clock });
      const before = urls.get(worker.url);
      urls.set(worker.url, name);
      if (before === undefined) return [worker];
      issues.push({
        path: "",
        message: `${name} is the same worker as ${before}`,
        value: name,
        allowed: "each worker once",
      });
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      issues.push(...error.issues);
    }
    return [];
  });
  if (names.length === 0) {
    issues.push({
      path: "",
      message: "There is no worker",
      allowed: "host:port of at least one perfmock server",
    });
  }
  if (issues.length > 0) throw invalidWorkers(issues);
  return clients.map((worker, index) => ({
    worker,
    segment: clients.length === 1 ? WHOLE : { index, count: clients.length },
    clock: { offset: 0, within: 0 },
    run: "",
    data: undefined,
    progress: undefined,
    heard: 0,
    over: false,
    lost: undefined,
  }));
}

/** Issues of a script that workers cannot share. */
function scriptIssues({ target, scenarios }: Script): Issue[] {
  return [
    ...target === undefined
      ? [{
        path: "/target",
        message: "Workers need the URL of what they send to",
        allowed: "a target in the script, or --target URL",
      }]
      : [],
    ...scenarios.flatMap(({ name, executor }) =>
      executor === "modulate"
        ? [{
          path: `/scenarios${toPointer([name])}/executor`,
          message:
            "Each worker would turn this dial of itself, and none of the target",
          value: executor,
          allowed: "scenarios that send requests",
          suggestion:
            "POST a script with this scenario alone to the perfmock server whose dials it turns, at /_perfmock/load_engine/runs",
        }]
        : []
    ),
  ];
}

function refuse(issues: readonly Issue[]): void {
  if (issues.length > 0) throw invalidScript(issues);
}

/**
 * Sends the script with its files to all workers, which check it and wait. No request has been sent to the target then.
 *
 * @throws PerfmockError with the errors of all workers; nothing waits then
 */
async function prepare(
  value: unknown,
  { script, shares, tools }: {
    readonly script: Script;
    readonly shares: readonly Share[];
    readonly tools: LeadTools;
  },
): Promise<void> {
  const strangers = await identityIssues(shares, tools.version);
  if (strangers.length > 0) throw invalidWorkers(strangers);
  const draws = new Map<Share, ShareReport["draws"]>();
  const issues = (await Promise.all(shares.map(async (share) => {
    const { worker, segment } = share;
    try {
      share.run = await worker.prepare(
        await scriptFor(worker, value, { script, folder: tools.folder }),
        segment,
      );
      draws.set(share, (await worker.report(share.run)).draws);
      share.clock = await worker.readClock();
      return [];
    } catch (error) {
      return issuesOf(worker, error);
    }
  }))).flat();
  issues.push(...drawIssues(shares, draws));
  if (issues.length === 0) return;
  await Promise.all(
    shares.map(({ worker, run }) => run === "" ? undefined : worker.cut(run)),
  );
  throw invalidWorkers(issues);
}

/** Issues of workers that are none, run another version, are several servers, or are one server under two names. */
async function identityIssues(
  shares: readonly Share[],
  version: string,
): Promise<Issue[]> {
  const told = await Promise.all(shares.map(async ({ worker }) => {
    try {
      return { worker, identity: await worker.identity(), issues: [] };
    } catch (error) {
      return { worker, identity: undefined, issues: issuesOf(worker, error) };
    }
  }));
  const names = new Map<string, string>();
  return told.flatMap(({ worker: { name }, identity, issues }): Issue[] => {
    if (identity === undefined) return issues;
    const { server, replicas } = identity;
    if (identity.version !== version) {
      return [{
        path: "",
        message:
          `Worker ${name} runs perfmock ${identity.version}, and this is ${version}`,
        value: identity.version,
        allowed: "the same version on all",
      }];
    }
    if (replicas > 1) {
      return [{
        path: "",
        message:
          `Worker ${name} answers for ${replicas} replicas, each of which would send the share`,
        value: name,
        allowed:
          "servers without --processes and without shared state; start several on ports of their own",
      }];
    }
    const before = names.get(server);
    if (before === undefined) {
      names.set(server, name);
      return [];
    }
    return [{
      path: "",
      message: `${name} is the same worker as ${before}`,
      value: name,
      allowed: "each worker once",
    }];
  });
}

/** Issues of workers that draw think times from other distributions than the first one. */
function drawIssues(
  shares: readonly Share[],
  draws: ReadonlyMap<Share, ShareReport["draws"]>,
): Issue[] {
  const [first] = shares;
  const expected = draws.get(first) ?? {};
  return shares.flatMap((share) => {
    const own = draws.get(share) ?? {};
    const others = Object.keys(expected).filter((scenario) =>
      scenario in own && own[scenario] !== expected[scenario]
    );
    return others.length === 0 ? [] : [{
      path: "",
      message: `Worker ${share.worker.name} draws the think times of ${
        others.join(", ")
      } from other distributions than ${first.worker.name}: their configurations differ`,
      value: share.worker.name,
      allowed:
        "the same profiles and plugins in the configurations of all workers",
    }];
  });
}

/** Sends the files of a script to a worker. Returns the script with their paths there, without thresholds: they concern the whole. */
async function scriptFor(
  worker: WorkerClient,
  value: unknown,
  { script: { seed }, folder }: {
    readonly script: Script;
    readonly folder: string;
  },
): Promise<unknown> {
  const { thresholds: _, ...rest } = value as Record<string, unknown>;
  const sent = new Map<string, string>();
  withFiles(rest, (file) => {
    sent.set(file, "");
    return file;
  });
  for (const file of sent.keys()) {
    sent.set(file, await worker.send(file, folder));
  }
  return {
    ...withFiles(rest, (file) => sent.get(file) ?? file) as object,
    seed,
  };
}

/** Errors of a worker, each with its name. */
function issuesOf(worker: WorkerClient, error: unknown): Issue[] {
  if (error instanceof Refusal && error.issues.length > 0) {
    return error.issues.map((issue) => ({
      ...issue,
      message: `Worker ${worker.name}: ${issue.message}`,
    }));
  }
  const unauthorised = error instanceof Refusal && error.status === 401;
  return [{
    path: "",
    message: `Worker ${worker.name}: ${deepestMessage(error)}`,
    allowed: "a perfmock server that runs, such as perfmock serve",
    ...unauthorised && {
      suggestion: "Set PERFMOCK_TOKEN to the token of the workers",
    },
  }];
}

function invalidWorkers(issues: readonly Issue[]): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    "Cannot run the script on these workers",
    issues,
  );
}

/** A run whose workers are ready, from its start to its result. */
class Lead {
  readonly #script: Script;
  readonly #shares: readonly Share[];
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #progress: LoadOptions["progress"];
  #origin = 0;
  #aborted: string | undefined;

  constructor(script: Script, { shares, tools, signal, progress }: {
    readonly shares: readonly Share[];
    readonly tools: LeadTools;
    readonly signal: AbortSignal | undefined;
    readonly progress: LoadOptions["progress"];
  }) {
    this.#script = script;
    this.#shares = shares;
    this.#clock = tools.clock;
    this.#signal = signal;
    this.#progress = progress;
  }

  async run(): Promise<LoadResult> {
    const stop = () => this.#abort("it was stopped");
    this.#signal?.addEventListener("abort", stop);
    try {
      await this.#start();
      if (this.#signal?.aborted) await stop();
      for (let tick = 1; this.#running.length > 0; tick++) {
        await this.#until(this.#origin + tick * INTERVAL + AFTER_TICK);
        await Promise.all(this.#running.map((share) => this.#ask(share)));
        this.#report();
        await this.#judge();
      }
      return this.#result();
    } catch (error) {
      await this.#abort("it failed");
      throw error;
    } finally {
      this.#signal?.removeEventListener("abort", stop);
    }
  }

  /** Shares that have not ended. */
  get #running(): readonly Share[] {
    return this.#shares.filter(({ over }) => !over);
  }

  /** Agrees on a start that leaves every worker time to hear of it. */
  async #start(): Promise<void> {
    const slowest = Math.max(...this.#shares.map(({ clock }) => clock.within));
    this.#origin = this.#clock.now() + LEAD + 8 * slowest;
    await Promise.all(this.#shares.map(async (share) => {
      share.heard = this.#origin;
      try {
        await share.worker.start(
          share.run,
          wallTime(this.#origin) + share.clock.offset,
        );
      } catch (error) {
        this.#lose(share, `it did not start: ${deepestMessage(error)}`);
      }
    }));
  }

  async #until(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#clock.at(time, resolve, undefined);
    await promise;
  }

  /** Asks a worker for its figures. */
  async #ask(share: Share): Promise<void> {
    let report: ShareReport;
    try {
      report = await share.worker.report(share.run);
    } catch (error) {
      const silent = this.#clock.now() - share.heard;
      if (error instanceof Refusal && error.status === 404) {
        this.#lose(share, "it knows nothing of the run any more");
      } else if (silent > LOST) {
        this.#lose(
          share,
          `it has not answered for ${Math.round(silent / 1000)} s (${
            deepestMessage(error)
          })`,
        );
      }
      return;
    }
    share.heard = this.#clock.now();
    share.progress = report.progress ?? share.progress;
    share.data = report.share ?? share.data;
    if (report.state === "failed") {
      this.#lose(share, report.error ?? "its run failed");
    } else share.over = ["finished", "aborted"].includes(report.state);
  }

  #lose(share: Share, why: string): void {
    share.lost = `lost ${
      seconds(Math.max(0, share.heard - this.#origin))
    } after the start: ${why}`;
    share.over = true;
    // Should it come back, it must not go on for itself.
    void share.worker.cut(share.run);
  }

  #report(): void {
    const progress = mergedProgress(
      this.#shares.flatMap(({ progress, lost }) =>
        progress === undefined || lost !== undefined ? [] : [progress]
      ),
    );
    if (progress === undefined || this.#progress === undefined) return;
    const lost = this.#shares.filter(({ lost }) => lost !== undefined);
    const left = this.#shares.length - lost.length;
    this.#progress(
      progress,
      [
        progressLine(progress, { target: this.#script.target?.href }),
        `${left} worker${left === 1 ? "" : "s"}`,
        ...lost.map(({ worker }) => `lost ${worker.name}`),
      ].join(", "),
    );
  }

  async #judge(): Promise<void> {
    if (this.#aborted !== undefined) return;
    const data = this.#data;
    const why = data.length === 0 ? undefined : crossed(data);
    if (why !== undefined) await this.#abort(why);
  }

  /** Ends the run everywhere. */
  async #abort(why: string): Promise<void> {
    this.#aborted ??= why;
    await Promise.all(
      this.#running.map(({ worker, run }) => worker.cut(run)),
    );
  }

  /** Figures of all shares, with the thresholds and the identity of the whole, which the workers do not know. */
  get #data(): ShareData[] {
    const { name, seed, thresholds } = this.#script;
    return this.#shares.flatMap(({ data }) =>
      data === undefined ? [] : [{ ...data, name, seed, thresholds }]
    );
  }

  #result(): LoadResult {
    const data = this.#data.map((share) => ({
      ...share,
      // The reason why this process ended it is the one to tell.
      ...this.#aborted !== undefined && { aborted: null },
    }));
    const lost = this.#shares.filter(({ lost }) => lost !== undefined);
    if (data.length === 0) {
      throw new Error(
        `No worker is left: ${
          lost.map((share) => `${share.worker.name} was ${share.lost}`)
            .join("; ")
        }`,
      );
    }
    return mergedResult(data, {
      aborted: this.#aborted,
      incomplete: lost.length > 0,
      workers: this.#shares.map(described),
      notes: [
        ...lost.map((share) => this.#loss(share)),
        ...this.#shares.flatMap(({ worker, segment, data }) =>
          data !== undefined && data.late > 0
            ? [
              lateness(
                `worker ${worker.name} (share ${segmentText(segment)})`,
                data.late,
              ),
            ]
            : []
        ),
        ...this.#loopback(),
        `sent by ${
          this.#shares.map(({ worker, segment, clock }) =>
            `${worker.name} (share ${segmentText(segment)}, clock ${
              clock.offset < 0 ? "−" : "+"
            }${milliseconds(Math.abs(clock.offset))} ± ${
              milliseconds(clock.within)
            } ms)`
          ).join(", ")
        }`,
      ],
    });
  }

  /** The note on a lost worker, with its part of the arrivals. */
  #loss({ worker, segment, lost, data }: Share): string {
    const { arrivals, users } = sizeOfShare(this.#script, segment);
    const counted = data?.scenarios.reduce(
      (sum, { dropped, parts }) =>
        sum + dropped +
        Object.values(parts).reduce((all, { started }) => all + started, 0),
      0,
    ) ?? 0;
    return `worker ${worker.name} (share ${
      segmentText(segment)
    }) was ${lost}; ${
      [
        ...arrivals > 0
          ? [`${counted} of its ${arrivals} arrivals are in these figures`]
          : [`${counted} of its requests are in these figures`],
        ...users > 0 ? [`its ${users} users are missing from then on`] : [],
      ].join(", and ")
    }`;
  }

  /** The note on a target that each worker looks for on its own machine. */
  #loopback(): string[] {
    const { target } = this.#script;
    const elsewhere = this.#shares.filter(({ worker }) => !worker.isHere);
    return target === undefined || !isLoopback(target.hostname) ||
        elsewhere.length === 0
      ? []
      : [
        `the target ${target.href} is another machine to each worker: its own`,
      ];
  }
}

function described(
  { worker, segment, clock, data, lost }: Share,
): LoadWorker {
  return {
    name: worker.name,
    segment: segmentText(segment),
    clockOffset: clock.offset,
    clockWithin: clock.within,
    late: data?.late ?? 0,
    lost: lost ?? null,
  };
}

function milliseconds(time: number): string {
  return time < 10 ? time.toFixed(2) : `${Math.round(time)}`;
}

function seconds(time: number): string {
  return `${(time / 1000).toFixed(1)} s`;
}
