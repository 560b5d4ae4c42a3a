/**
 * A worker as the process that leads a run sees it: a perfmock server, reached by its control API.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import type { LoadProgress } from "../../../core/load.ts";
import {
  type Clock,
  type Issue,
  PerfmockError,
  type Segment,
  segmentText,
  wallTime,
} from "../../../core/plugin.ts";
import type { ShareData } from "../figures/share_data.ts";

/** Time within which a worker answers a call, in ms. */
const CALL_LIMIT = 3000;

/** The same for a script, whose traces it reads, and for a file. */
const LONG_LIMIT = 130_000;

/** Number of times that a clock is read: the reading that took least counts. */
const READINGS = 9;

/** State of a share of a run. */
export interface ShareReport {
  /** One of the states of a run. */
  readonly state: string;
  /** Reason of a failure; null without one. */
  readonly error: string | null;
  /** Progress at the last second; null before the first. */
  readonly progress: LoadProgress | null;
  /** Digests of the distributions that the worker draws think times from, by scenario. */
  readonly draws: Readonly<Record<string, string>>;
  /** Figures so far; null where there are none. */
  readonly share: ShareData | null;
}

/** A worker among others. */
export interface WorkerIdentity {
  /** Version of perfmock that it runs. */
  readonly version: string;
  /** Text that no other server has. */
  readonly server: string;
  /** Number of servers that answer its calls together. */
  readonly replicas: number;
}

/** Clock of a worker against that of this process. */
export interface ClockReading {
  /** Time of the worker's clock minus that of this one, in ms. */
  readonly offset: number;
  /** Half of the time that the reading took, in ms: the offset is that exact at least. */
  readonly within: number;
}

/** Answer of a worker that is no success. */
export class Refusal extends Error {
  /**
   * @param status of the answer
   * @param issues errors that the answer lists
   */
  constructor(
    message: string,
    readonly status: number,
    readonly issues: readonly Issue[],
  ) {
    super(message);
  }
}

/** A worker. */
export class WorkerClient {
  readonly #base: URL;
  readonly #token: string | undefined;
  readonly #clock: Clock;

  /**
   * @param name address as the user wrote it: `host:port`, or a URL; with a path, that of the control API
   * @param options token of its control API, and the clock of this process
   * @throws PerfmockError `ARGUMENT_INVALID` if it is no address
   */
  constructor(
    readonly name: string,
    { token, clock }: {
      readonly token: string | undefined;
      readonly clock: Clock;
    },
  ) {
    const url = URL.parse(/^https?:\/\//.test(name) ? name : `http://${name}`);
    if (url === null || url.search !== "" || url.username !== "") {
      throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --workers", [{
        path: "",
        message: "A worker is the address of a perfmock server",
        value: name,
        allowed: "host:port, or a URL such as https://load-1:8080",
      }]);
    }
    const path = url.pathname === "/" ? "/_perfmock" : url.pathname;
    this.#base = new URL(`${path.replace(/\/+$/, "")}/`, url);
    this.#token = token;
    this.#clock = clock;
  }

  /** Origin and control path, by which two names of one worker are told from two workers. */
  get url(): string {
    return this.#base.href;
  }

  /** True if the worker is on this machine, as far as its name says. */
  get isHere(): boolean {
    return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(this.#base.hostname);
  }

  /** Tells which server it is. */
  async identity(): Promise<WorkerIdentity> {
    const { version, replicas } = await this.#call("GET", "health") as {
      version?: unknown;
      replicas?: unknown;
    };
    const { server } = await this.#call("GET", "load_engine/clock") as {
      server?: unknown;
    };
    return {
      version: `${version}`,
      server: `${server}`,
      replicas: Array.isArray(replicas) ? replicas.length : 1,
    };
  }

  /** Reads its clock several times. */
  async readClock(): Promise<ClockReading> {
    let best = { offset: 0, within: Infinity };
    for (let reading = 0; reading < READINGS; reading++) {
      const sent = this.#clock.now();
      const { now } = await this.#call("GET", "load_engine/clock") as {
        now: number;
      };
      const received = this.#clock.now();
      const within = (received - sent) / 2;
      if (within < best.within) {
        best = { offset: now - wallTime(sent + within), within };
      }
    }
    return best;
  }

  /**
   * Sends a file; returns its path there.
   *
   * @param path path from the folder, or an absolute one
   */
  async send(path: string, folder: string): Promise<string> {
    const name = encodeURIComponent(basename(path));
    // The stream closes the file.
    const file = await Deno.open(resolve(folder, path));
    const { file: there } = await this.#call(
      "POST",
      `load_engine/files?name=${name}`,
      file.readable,
      { type: "application/octet-stream", limit: LONG_LIMIT },
    ) as { file: string };
    return there;
  }

  /** Has it read a script and wait for the start of its share; returns the id of the run. */
  async prepare(script: unknown, segment: Segment): Promise<string> {
    const { id } = await this.#call(
      "POST",
      `load_engine/runs?segment=${segmentText(segment)}&wait=start`,
      JSON.stringify(script),
      { type: "application/json", limit: LONG_LIMIT },
    ) as { id: string };
    return id;
  }

  /** @param at start of the run, by the clock of the worker */
  async start(id: string, at: number): Promise<void> {
    await this.#call(
      "POST",
      `load_engine/runs/${id}/start`,
      JSON.stringify({ at }),
      { type: "application/json" },
    );
  }

  /** Asks for the state and the figures so far. */
  async report(id: string): Promise<ShareReport> {
    return await this.#call(
      "GET",
      `load_engine/runs/${id}/share`,
    ) as ShareReport;
  }

  /** Ends a run at once. Does not throw: a worker that cannot be reached ends by itself. */
  async cut(id: string): Promise<void> {
    try {
      // The first call lets active requests end, the second cuts them.
      for (let call = 0; call < 2; call++) {
        await this.#call("DELETE", `load_engine/runs/${id}`);
      }
    } catch {
      // It notices that nobody asks for its figures any more.
    }
  }

  async #call(
    method: string,
    path: string,
    body?: string | ReadableStream<Uint8Array<ArrayBuffer>>,
    { type, limit = CALL_LIMIT }: {
      readonly type?: string;
      readonly limit?: number;
    } = {},
  ): Promise<unknown> {
    const response = await fetch(new URL(path, this.#base), {
      method,
      ...body !== undefined && { body },
      headers: {
        ...type !== undefined && { "content-type": type },
        ...this.#token !== undefined &&
          { authorization: `Bearer ${this.#token}` },
      },
      redirect: "manual",
      signal: AbortSignal.timeout(limit),
    });
    const text = await response.text();
    const answer = parsed(text);
    if (response.ok && answer !== undefined) return answer;
    const { title, detail, issues = [] } = Object(answer) as {
      title?: string;
      detail?: string;
      issues?: Issue[];
    };
    throw new Refusal(
      answer === undefined
        ? `It is no perfmock server: it answered with ${response.status} and no JSON`
        : detail ?? title ?? `It answered with ${response.status}`,
      response.status,
      issues,
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
