/**
 * The service of the plugin.
 *
 * @module
 */
import type {
  DriftOptions,
  DriftResult,
  FitOptions,
  FitResult,
  Imported,
  Importer,
  ImportOptions,
  Recording,
  RecordOptions,
} from "../../core/import.ts";
import { compareRecordings } from "./recording/drift/compare.ts";
import type { Recordings } from "./recording/endpoints.ts";
import { type RecordingHost, startRecording } from "./recording/recording.ts";
import { importFiles } from "./mocks/import_files.ts";
import { blockOf, tableOf } from "./report.ts";
import { readDurations } from "./samples/read_durations.ts";
import { fitDurations, type FitTools } from "./statistics/fit.ts";

/** Parts of the host that the service uses. */
type ImporterHost = Pick<RecordingHost, "clock" | "version">;

/** Importer of files. */
export class FileImporter implements Importer {
  readonly #tools: FitTools & ImporterHost;
  readonly #recordings: Pick<Recordings, "add">;

  /**
   * @param tools the host of the plugin
   * @param recordings receives the recordings that are begun
   */
  constructor(
    tools: FitTools & ImporterHost,
    recordings: Pick<Recordings, "add">,
  ) {
    this.#tools = tools;
    this.#recordings = recordings;
  }

  async fit(file: string, options: FitOptions = {}): Promise<FitResult> {
    const { durations, ...read } = await readDurations(file, options);
    const answer = { ...fitDurations(durations, this.#tools), file, ...read };
    return { answer, block: blockOf(answer), table: tableOf(answer) };
  }

  import(
    files: readonly string[],
    options: ImportOptions = {},
  ): Promise<Imported> {
    return importFiles(files, options, this.#tools);
  }

  async record(options: RecordOptions): Promise<Recording> {
    const { clock, version } = this.#tools;
    const recording = await startRecording(options, {
      clock,
      version,
      imported: (file) => this.import([file]),
    });
    this.#recordings.add(recording);
    return recording;
  }

  compare(
    before: string,
    after: string,
    options: DriftOptions = {},
  ): Promise<DriftResult> {
    return compareRecordings(before, after, options);
  }
}
