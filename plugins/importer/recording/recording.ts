/**
 * A recording under way: the proxy, the recorder and the file, and when it ends.
 *
 * @module
 */
import { type Clock, PerfmockError, wallTime } from "../../../core/plugin.ts";
import type {
  Imported,
  Recording,
  RecordingReport,
  RecordingState,
  RecordOptions,
} from "../../../core/import.ts";
import { LONGEST_TEXT } from "../mocks/bodies.ts";
import { type HeadLine, VERSION } from "./format.ts";
import { RecordingProxy } from "./proxy.ts";
import { findRecording, type FoundRecording } from "./read_recording.ts";
import { Recorder, type SeenExchange } from "./recorder.ts";
import { RecordingFile } from "./recording_file.ts";
import { Secrets } from "./secrets.ts";
import { reasonOf, Upstream } from "./upstream.ts";

/** Parts of the server that a recording uses. */
export interface RecordingHost {
  /** Clock of the server. */
  readonly clock: Clock;
  /** Version of perfmock. */
  readonly version: string;
  /** Makes a mock of a recording. */
  readonly imported: (file: string) => Promise<Imported>;
}

/** Time for which requests under way are waited for at the end, in ms. */
const LAST_WAIT = 2000;

const DEFAULTS = { maxSize: 50_000_000, timeout: 30_000 };

/**
 * Begins a recording.
 *
 * @throws as {@linkcode Importer.record}
 */
export async function startRecording(
  options: RecordOptions,
  host: RecordingHost,
): Promise<LiveRecording> {
  const upstream = new Upstream(options.upstream, options.certificates);
  upstream.checkLoop(options.port ?? 0);
  const found = options.append === true
    ? await foundBy(options, upstream)
    : undefined;
  await upstream.check();
  const file = opened(options, found);
  try {
    return await LiveRecording.begin({ options, host, upstream, file, found });
  } catch (error) {
    upstream.close();
    if (found === undefined) file.remove();
    else file.close();
    throw error;
  }
}

/** Looks at the recording that is continued. */
async function foundBy(
  { file }: RecordOptions,
  { url }: Upstream,
): Promise<FoundRecording> {
  const found = await findRecording(file);
  if (found.head.upstream === url) return found;
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    "Cannot continue the recording",
    [{
      path: "",
      message: `${file} is a recording of another upstream`,
      value: url,
      allowed: found.head.upstream,
    }],
  );
}

function opened(
  { file }: RecordOptions,
  found: FoundRecording | undefined,
): RecordingFile {
  try {
    return new RecordingFile(file, found?.whole);
  } catch (error) {
    const isThere = Reflect.get(Object(error), "code") === "EEXIST";
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot write the recording", [{
      path: "",
      message: isThere
        ? `${file} is there already`
        : `Cannot write ${file}: ${reasonOf(error)}`,
      value: file,
      allowed: isThere
        ? "another file; --continue appends to a recording"
        : "a file in a folder that exists and may be written to",
    }], { cause: error });
  }
}

interface Parts {
  readonly options: RecordOptions;
  readonly host: RecordingHost;
  readonly upstream: Upstream;
  readonly file: RecordingFile;
  readonly found: FoundRecording | undefined;
}

/** A recording that listens. */
export class LiveRecording implements Recording {
  readonly #parts: Parts;
  readonly #recorder: Recorder;
  readonly #ended = Promise.withResolvers<string>();
  #proxy: RecordingProxy | undefined;
  #state: RecordingState = "stopped";
  #timer = 0;
  #reason: string | undefined;
  #written = 0;
  #ending: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
    const { options, file, found, upstream } = parts;
    const secrets = new Secrets({
      keep: options.keepSecrets,
      remove: options.remove,
    });
    if (upstream.authorization !== undefined) {
      secrets.noteRequest([["authorization", upstream.authorization]]);
    }
    this.#recorder = new Recorder({
      secrets,
      file,
      limits: {
        size: options.maxSize ?? DEFAULTS.maxSize,
        body: Math.min(options.maxBody ?? LONGEST_TEXT, LONGEST_TEXT),
      },
      answers: found?.answers,
    });
  }

  /** Listens and records. */
  static async begin(parts: Parts): Promise<LiveRecording> {
    const recording = new LiveRecording(parts);
    const { options, upstream, host, file, found } = parts;
    const now = new Date(wallTime(host.clock.now())).toISOString();
    file.write(
      found === undefined
        ? {
          kind: "recording",
          version: VERSION,
          perfmock: host.version,
          upstream: upstream.url,
          started: now,
        } satisfies HeadLine
        : { kind: "continued", at: now },
    );
    recording.#proxy = await RecordingProxy.listen({
      upstream,
      clock: host.clock,
      host: options.host ?? "127.0.0.1",
      port: options.port ?? 0,
      timeout: options.timeout ?? DEFAULTS.timeout,
      mostKept: Math.min(options.maxBody ?? LONGEST_TEXT, LONGEST_TEXT),
      observer: {
        seen: (exchange) => recording.#see(exchange),
        left: (reason, method, target) => {
          if (recording.#state === "recording") {
            recording.#recorder.leave(reason, method, target);
          }
        },
      },
    });
    if (options.paused !== true) recording.start();
    const { duration } = options;
    if (duration !== undefined) {
      recording.#timer = host.clock.at(
        host.clock.now() + duration,
        () => recording.#finish("its duration has passed"),
        undefined,
      );
    }
    return recording;
  }

  get url(): URL {
    return this.#proxy?.url ?? new URL(this.#parts.upstream.url);
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  get report(): RecordingReport {
    const { options, upstream, file } = this.#parts;
    const { exchanges, leftOut, removed } = this.#recorder;
    return {
      state: this.#state,
      upstream: upstream.url,
      url: this.url.href,
      file: options.file,
      exchanges,
      inFlight: this.#proxy?.inFlight ?? 0,
      bytes: file.size,
      leftOut,
      removed,
      ...this.#reason !== undefined && { reason: this.#reason },
    };
  }

  start(): void {
    if (this.#state === "stopped" && this.#reason === undefined) {
      this.#state = "recording";
    }
  }

  stop(): void {
    if (this.#state !== "recording") return;
    this.#state = "stopped";
    this.#writeStop();
  }

  mock(): Promise<Imported> {
    return this.#parts.host.imported(this.#parts.options.file);
  }

  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  #see(exchange: SeenExchange): void {
    if (this.#state !== "recording") return;
    const { count } = this.#parts.options;
    try {
      this.#recorder.record(exchange);
    } catch (error) {
      this.#finish(
        `the file cannot be written: ${reasonOf(error)}`,
      );
      return;
    }
    if (this.#recorder.isFull) this.#finish("the file has its greatest size");
    else if (this.#recorder.exchanges === count) {
      this.#finish("its number of exchanges is reached");
    }
  }

  /** Stops by itself. Requests are passed on until the recording is ended. */
  #finish(reason: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.stop();
    this.#ended.resolve(reason);
  }

  #writeStop(): void {
    const { host, file } = this.#parts;
    const { exchanges, removed, leftOut } = this.#recorder;
    if (exchanges === this.#written) return;
    this.#written = exchanges;
    try {
      file.write({
        kind: "stopped",
        at: new Date(wallTime(host.clock.now())).toISOString(),
        exchanges,
        removed,
        leftOut,
      });
    } catch (error) {
      // The exchanges are in the file; the sums of a full disk are not.
      this.#reason ??= `the file cannot be written: ${reasonOf(error)}`;
    }
  }

  async #end(): Promise<void> {
    const { clock } = this.#parts.host;
    clock.cancel(this.#timer);
    await this.#proxy?.close(LAST_WAIT);
    this.stop();
    this.#state = "ended";
    const { file, found } = this.#parts;
    // A recording without an exchange is none.
    if (found === undefined && this.#recorder.exchanges === 0) file.remove();
    else file.close();
  }
}
