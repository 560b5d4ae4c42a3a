/** Helpers: a recorder that writes to a list, and exchanges for it. */
import type { RecordingLine } from "../../../../plugins/importer/recording/format.ts";
import {
  Recorder,
  type SeenExchange,
} from "../../../../plugins/importer/recording/recorder.ts";
import {
  type SecretOptions,
  Secrets,
} from "../../../../plugins/importer/recording/secrets.ts";

/** A recorder and what it has written. */
export interface Written {
  readonly recorder: Recorder;
  readonly lines: RecordingLine[];
  /** All lines as they stand in a file. */
  readonly text: () => string;
}

/** Makes a recorder. */
export function recorder(
  options: SecretOptions = {},
  limits: { readonly size?: number; readonly body?: number } = {},
): Written {
  const lines: RecordingLine[] = [];
  const text = () => lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  return {
    lines,
    text,
    recorder: new Recorder({
      secrets: new Secrets(options),
      file: {
        get size() {
          return text().length;
        },
        write: (...more) => void lines.push(...more),
      },
      limits: { size: 1e9, body: 262_144, ...limits },
    }),
  };
}

/** The first line of a recording. */
export const HEAD = `${
  JSON.stringify({
    kind: "recording",
    version: 1,
    perfmock: "0.1.0",
    upstream: "http://upstream.example",
    started: "2026-11-27T16:00:00.000Z",
  })
}\n`;

/** An exchange with a JSON body. */
export function seen(
  target: string,
  {
    type = "application/json",
    text = "{}",
    headers = [],
    ...more
  }: Partial<SeenExchange> & {
    readonly type?: string;
    readonly text?: string;
  } = {},
): SeenExchange {
  const body = new TextEncoder().encode(text);
  return {
    arrival: 0,
    method: "GET",
    target,
    requestHeaders: [],
    requestText: undefined,
    status: 200,
    headers: [["Content-Type", type], ...headers],
    body,
    bytes: body.length,
    wait: 12,
    total: 13,
    connect: 0,
    inFlight: 0,
    pieces: 1,
    gaps: [],
    ...more,
  };
}
