import type { LoadProgress, LoadResult } from "../../../../core/load.ts";
import type { TickTimes } from "../../../../plugins/load_engine/figures/time_series.ts";
import type {
  FromThread,
  ToThread,
} from "../../../../plugins/load_engine/runs/load_thread.ts";
import type { ThreadWorker } from "../../../../plugins/load_engine/runs/load_thread_handle.ts";

/** A worker that does what a test says. */
export class FakeWorker implements ThreadWorker {
  onmessage: Worker["onmessage"] = null;
  onerror: Worker["onerror"] = null;
  onmessageerror: Worker["onmessageerror"] = null;
  /** What it was told, by kind. */
  readonly told: ToThread["kind"][] = [];
  /** Whether it was terminated. */
  terminated = false;
  /** Whether it says that it has closed when it is told to close. */
  closes = true;

  postMessage(message: ToThread): void {
    this.told.push(message.kind);
    if (message.kind === "close" && this.closes) this.say({ kind: "closed" });
  }

  terminate(): void {
    this.terminated = true;
  }

  /** Says something to the server's thread. */
  say(message: FromThread): void {
    this.onmessage?.call(
      this as unknown as Worker,
      new MessageEvent("message", { data: message }),
    );
  }

  /** Throws, as far as the server's thread is told; returns whether that was taken care of. */
  throw(message: string): boolean {
    const event = new ErrorEvent("error", { message, cancelable: true });
    this.onerror?.call(this as unknown as Worker, event);
    return event.defaultPrevented;
  }

  /** Says something that cannot be read. */
  garble(): void {
    this.onmessageerror?.call(
      this as unknown as Worker,
      new MessageEvent("messageerror"),
    );
  }
}

/** The progress of one scenario. */
export function progress(
  elapsed: number,
  scenario: Partial<LoadProgress["scenarios"][number]> = {},
): LoadProgress {
  return {
    elapsed,
    scenarios: [{
      name: "browse",
      state: "open",
      scheduled: 0,
      started: 0,
      dropped: 0,
      completed: 0,
      failed: 0,
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

/** The times of one scenario: values and how often. */
export function times(...pairs: number[]): Record<string, TickTimes> {
  return {
    browse: {
      responseTime: Float64Array.from(pairs),
      serviceTime: Float64Array.from(pairs),
      startLag: Float64Array.from(pairs),
    },
  };
}

/** What a run ends with. */
export function result(aborted: string | null = null): LoadResult {
  return {
    summary: {
      name: "demo",
      seed: 1,
      ok: aborted === null,
      duration: 1,
      aborted,
      scenarios: {},
      thresholds: [],
    },
    csv: "",
    table: "",
    hgrm: "",
  };
}
