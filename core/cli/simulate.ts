/**
 * `perfmock simulate`: a load script in virtual time, against the configuration.
 *
 * @module
 */
import { createServer } from "../app.ts";
import { checkOutputs, finish, readScriptFile } from "./_script_file.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./output.ts";

/** The options of `simulate`. */
export interface SimulateOptions extends ConfigurationOptions {
  /** Files that the run is written to. */
  readonly out?: readonly string[];
}

/**
 * Simulates a script and prints what came of it.
 *
 * @returns 0, or 99 where a threshold was not kept
 * @throws PerfmockError with all faults of the configuration, or of the script
 */
export async function simulate(
  file: string,
  { out: files = [], ...options }: SimulateOptions,
  out: Terminal,
): Promise<number> {
  checkOutputs(files);
  const script = await readScriptFile(file);
  const { input, folder, use } = await loadConfiguration(options);
  await using server = await use(() =>
    createServer(input, { folder, listen: false })
  );
  const result = await script.use(() =>
    server.loadEngine.simulate(script.value, { folder: script.folder })
  );
  return await finish(result, files, out);
}
