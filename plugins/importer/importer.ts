/**
 * The service of the plugin.
 *
 * @module
 */
import type {
  FitOptions,
  FitResult,
  Imported,
  Importer,
  ImportOptions,
} from "../../core/import.ts";
import { importFiles } from "./mocks/import_files.ts";
import { blockOf, tableOf } from "./report.ts";
import { readDurations } from "./samples/read_durations.ts";
import { fitDurations, type FitTools } from "./statistics/fit.ts";

/** Importer of files. */
export class FileImporter implements Importer {
  readonly #tools: FitTools;

  /** @param tools the host of the plugin */
  constructor(tools: FitTools) {
    this.#tools = tools;
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
}
