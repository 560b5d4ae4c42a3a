/**
 * Control calls for recordings, below `/_perfmock/importer`. They stop and continue a recording that a command or a program has begun.
 * None begins one: whoever reaches the control API could send requests to any server from here, and write files.
 *
 * @module
 */
import { type Endpoint, PerfmockError } from "../../../core/plugin.ts";
import type { Recording, RecordingReport } from "../../../core/import.ts";

const RECORDING = {
  type: "object",
  properties: {
    id: { type: "string" },
    state: { enum: ["recording", "stopped", "ended"] },
    upstream: { type: "string" },
    url: { type: "string" },
    file: { type: "string" },
    exchanges: { type: "integer" },
    inFlight: { type: "integer" },
    bytes: { type: "integer" },
    leftOut: { type: "array", items: { type: "string" } },
    removed: { type: "array" },
    reason: { type: "string" },
  },
};

/** Greatest number of recordings that are known after their end. */
const MOST_KNOWN = 20;

/** A recording as the calls use it. */
export type CalledRecording = Pick<
  Recording,
  "mock" | "report" | "start" | "stop"
>;

/** Recordings of a server, by id. */
export class Recordings {
  readonly #all = new Map<string, CalledRecording>();
  #last = 0;

  /** Adds a recording, and forgets the oldest of those that have ended if there are many. */
  add(recording: CalledRecording): void {
    this.#all.set(`recording-${++this.#last}`, recording);
    for (const [id, { report }] of this.#all) {
      if (this.#all.size <= MOST_KNOWN) break;
      if (report.state === "ended") this.#all.delete(id);
    }
  }

  /** Figures of all. */
  get reports(): (RecordingReport & { readonly id: string })[] {
    return [...this.#all].map(([id, { report }]) => ({ id, ...report }));
  }

  /** @throws PerfmockError of status 404 */
  of(id: string): CalledRecording {
    const recording = this.#all.get(id);
    if (recording !== undefined) return recording;
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `There is no recording ${id}`,
      [],
      {
        status: 404,
      },
    );
  }
}

/** Calls that list recordings, stop and continue them, and read the mock so far. */
export function recordingEndpoints(recordings: Recordings): Endpoint[] {
  const changed = (id: string, change: (one: CalledRecording) => void) => {
    const recording = recordings.of(id);
    change(recording);
    return { id, ...recording.report };
  };
  return [
    {
      method: "GET",
      path: "/recordings",
      summary: "List the recordings of perfmock record with their states",
      answer: {
        type: "object",
        properties: { recordings: { type: "array", items: RECORDING } },
      },
      handle: () => ({ recordings: recordings.reports }),
    },
    {
      method: "GET",
      path: "/recordings/:id",
      summary: "Read the state and the figures of one recording",
      answer: RECORDING,
      handle: ({ parameters: { id } }) => changed(id, () => {}),
    },
    {
      method: "POST",
      path: "/recordings/:id/start",
      summary:
        "Start or continue a recording that was begun paused, or was stopped",
      answer: RECORDING,
      handle: ({ parameters: { id } }) => changed(id, (one) => one.start()),
    },
    {
      method: "POST",
      path: "/recordings/:id/stop",
      summary: "Stop a recording: requests are passed on, and not recorded",
      answer: RECORDING,
      handle: ({ parameters: { id } }) => changed(id, (one) => one.stop()),
    },
    {
      method: "GET",
      path: "/recordings/:id/mock",
      summary: "Read the configuration that the recording so far makes",
      type: "application/yaml",
      handle: async ({ parameters: { id } }) => {
        const { text } = (await recordings.of(id).mock()).mock();
        return new Response(text, {
          headers: { "content-type": "application/yaml" },
        });
      },
    },
  ];
}
