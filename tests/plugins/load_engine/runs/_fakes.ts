import { BUILTIN } from "../../../../core/builtin.ts";
import type { LoadProgress, LoadResult } from "../../../../core/load.ts";
import type { TickTimes } from "../../../../plugins/load_engine/figures/time_series.ts";
import type {
  FromThread,
  ThreadOrder,
  ToThread,
} from "../../../../plugins/load_engine/runs/load_thread.ts";
import type { ThreadWorker } from "../../../../plugins/load_engine/runs/load_thread_handle.ts";

/** An order whose target nothing listens on. */
export const THREAD_ORDER: ThreadOrder = {
  input: { json: "{}", folder: "file:///", builtin: BUILTIN.module },
  script: {},
  folder: "/",
  seed: 42,
  connections: Infinity,
  destination: {
    origin: "http://127.0.0.1:1",
    secure: false,
    addresses: ["127.0.0.1"],
    port: 1,
    host: "127.0.0.1:1",
    prefix: "",
    certificates: [],
  },
};

/** A worker that a test controls. */
export class FakeWorker implements ThreadWorker {
  onmessage: Worker["onmessage"] = null;
  onerror: Worker["onerror"] = null;
  onmessageerror: Worker["onmessageerror"] = null;
  /** Kinds of the messages it has received. */
  readonly received: ToThread["kind"][] = [];
  /** True after `terminate`. */
  terminated = false;
  /** True to report `closed` when it is asked to close. */
  closes = true;

  postMessage(message: ToThread): void {
    this.received.push(message.kind);
    if (message.kind === "close" && this.closes) this.say({ kind: "closed" });
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Sends a message to the server's thread. */
  say(message: FromThread): void {
    this.onmessage?.call(
      this as unknown as Worker,
      new MessageEvent("message", { data: message }),
    );
  }

  /** Reports an error to the server's thread. Returns whether its default was prevented. */
  throw(message: string): boolean {
    const event = new ErrorEvent("error", { message, cancelable: true });
    this.onerror?.call(this as unknown as Worker, event);
    return event.defaultPrevented;
  }

  /** Sends an unreadable message. */
  garble(): void {
    this.onmessageerror?.call(
      this as unknown as Worker,
      new MessageEvent("messageerror"),
    );
  }
}

/** Makes the progress of one scenario. */
export function progress(
  elapsed: number,
  scenario: Partial<LoadProgress["scenarios"][number]> = {},
): LoadProgress {
  return {
    elapsed,
    duration: null,
    scenarios: [{
      name: "browse",
      state: "open",
      scheduled: 0,
      started: 0,
      dropped: 0,
      completed: 0,
      failed: 0,
      refused: 0,
      cut: 0,
      inFlight: 0,
      targetRate: null,
      users: null,
      rate: 0,
      p50: null,
      p95: null,
      p99: null,
      ...scenario,
    }],
  };
}

/** Makes the times of one scenario: values and counts. */
export function times(...pairs: number[]): Record<string, TickTimes> {
  return {
    browse: {
      responseTime: Float64Array.from(pairs),
      serviceTime: Float64Array.from(pairs),
      startLag: Float64Array.from(pairs),
    },
  };
}

/** Makes the result of a run. */
export function result(aborted: string | null = null): LoadResult {
  return {
    summary: {
      name: "demo",
      seed: 1,
      ok: aborted === null,
      complete: true,
      duration: 1,
      aborted,
      scenarios: {},
      thresholds: [],
      notes: [],
    },
    csv: "",
    table: "",
    hgrm: "",
  };
}
