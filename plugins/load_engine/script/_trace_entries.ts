/**
 * Recorded arrivals: gathered one by one, then put in the order of their times.
 *
 * @module
 */
import { type Issue, toPointer } from "../../../core/plugin.ts";

/** Formats of a trace. */
export const TRACE_FORMATS = ["times", "access-log", "har"] as const;

/** One of {@linkcode TRACE_FORMATS}. */
export type TraceFormat = typeof TRACE_FORMATS[number];

/** A recorded request. */
export interface RecordedRequest {
  /** HTTP method as recorded. */
  readonly method: string;
  /** Path and query as recorded. */
  readonly path: string;
  /** Headers with names in lower case, without the body's content type. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Body; undefined if it had none. */
  readonly body: RecordedBody | undefined;
}

/** The body of a recorded request. */
export interface RecordedBody {
  /** Content type. */
  readonly type: string;
  /** The text; of bytes that are no text, one character for each. */
  readonly text: string;
  /** True if each character of the text stands for one byte. */
  readonly binary: boolean;
}

/** A recording. */
export interface RecordedTrace {
  /** Times in ms since the first, ascending. */
  readonly times: Float64Array;
  /** Index of each request in `requests`; undefined if only times were recorded. */
  readonly choices: Uint32Array | undefined;
  /** The distinct requests. */
  readonly requests: readonly RecordedRequest[];
  /** Sentences that say which entries were left out. */
  readonly notes: readonly string[];
}

/** One recorded arrival. */
export interface Entry {
  /** Time in ms, from any origin. */
  readonly at: number;
  /** Recorded request; undefined if only the time was recorded. */
  readonly request?: RecordedRequest;
}

/** Arrivals that are gathered one by one: a number each, and every distinct request once. */
export class Entries {
  /** Format of the recording. */
  readonly format: TraceFormat;
  /** The distinct requests. */
  readonly requests: RecordedRequest[] = [];
  readonly #known = new Map<string, number>();
  #times = new Float64Array(1024);
  #choices = new Uint32Array(1024);
  #count = 0;
  #length = 0;

  /** Begins without arrivals. */
  constructor(format: TraceFormat) {
    this.format = format;
  }

  /** Number of arrivals. */
  get count(): number {
    return this.#count;
  }

  /** Times as recorded. */
  get times(): Float64Array {
    return this.#times.subarray(0, this.#count);
  }

  /** Index of each request; empty if only times were recorded. */
  get choices(): Uint32Array {
    return this.#choices.subarray(
      0,
      this.requests.length === 0 ? 0 : this.#count,
    );
  }

  /**
   * Adds an arrival.
   *
   * @param most greatest length of all distinct requests together, in characters
   * @returns false where they are longer
   */
  add({ at, request }: Entry, most: number): boolean {
    if (this.#count === this.#times.length) {
      const times = new Float64Array(2 * this.#count);
      const choices = new Uint32Array(2 * this.#count);
      times.set(this.#times);
      choices.set(this.#choices);
      this.#times = times;
      this.#choices = choices;
    }
    this.#times[this.#count] = at;
    if (request !== undefined) {
      this.#choices[this.#count] = this.#place(request);
    }
    this.#count++;
    return this.#length <= most;
  }

  #place(request: RecordedRequest): number {
    const key = JSON.stringify(request);
    let place = this.#known.get(key);
    if (place === undefined) {
      place = this.requests.length;
      this.#known.set(key, place);
      this.requests.push(request);
      this.#length += key.length;
    }
    return place;
  }
}

/**
 * Makes a trace of its arrivals. Listed times must be in order; logs and HARs are written in the order of ends, and are sorted.
 *
 * @param path JSON Pointer to the times, for issues
 */
export function arranged(
  entries: Entries,
  path = "/file",
):
  | { readonly trace: RecordedTrace; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] } {
  const { format } = entries;
  let { times, choices, requests } = entries;
  if (times.length === 0) {
    return { issues: [{ path, message: "The trace contains no times" }] };
  }
  const back = times.findIndex((at, i) => i > 0 && at < times[i - 1]);
  if (back > 0 && format === "times") {
    return {
      issues: [{
        path: path === "/file" ? path : path + toPointer([back]),
        message: `The times are not in order: number ${
          back + 1
        } is before the one above it`,
        ...path === "/file"
          ? { allowed: "at least the time before" }
          : { value: times[back], allowed: `at least ${times[back - 1]}` },
      }],
    };
  }
  if (back > 0) {
    const recorded = times;
    const order = Uint32Array.from(times, (_, i) => i)
      .sort((a, b) => recorded[a] - recorded[b] || a - b);
    times = Float64Array.from(order, (place) => recorded[place]);
    [choices, requests] = renumbered(
      Uint32Array.from(
        choices.length === 0 ? [] : order,
        (place) => entries.choices[place],
      ),
      requests,
    );
  }
  const from = times[0];
  const gaps = times.map((at) => at - from);
  if (format === "access-log") spread(gaps);
  return {
    trace: {
      times: gaps,
      choices: choices.length === 0 ? undefined : choices.slice(),
      requests,
      notes: [],
    },
  };
}

/** Numbers requests in the order of their first arrival. */
function renumbered(
  choices: Uint32Array,
  requests: readonly RecordedRequest[],
): [Uint32Array, RecordedRequest[]] {
  const places = new Map<number, number>();
  const ordered: RecordedRequest[] = [];
  const renumber = (choice: number): number => {
    let place = places.get(choice);
    if (place === undefined) {
      places.set(choice, place = ordered.length);
      ordered.push(requests[choice]);
    }
    return place;
  };
  return [choices.map(renumber), ordered];
}

/** An access log has whole seconds: arrivals of the same second are spread over it. */
function spread(times: Float64Array): void {
  for (let from = 0; from < times.length;) {
    let to = from + 1;
    while (to < times.length && times[to] === times[from]) to++;
    if (times[from] % 1000 === 0) {
      const second = times[from];
      for (let i = from; i < to; i++) {
        times[i] = second + (i - from) / (to - from) * 1000;
      }
    }
    from = to;
  }
}
