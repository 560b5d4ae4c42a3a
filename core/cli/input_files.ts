/**
 * Files that a command reads, of which one may be standard input.
 *
 * @module
 */
import { join } from "node:path";
import { PerfmockError } from "../errors.ts";

/** Argument that stands for standard input. */
const DASH = "-";

/** Name of standard input in messages and in comments. */
const NAME = "standard input";

/** Files that a command reads. Standard input is kept in a temporary file for so long. */
export class InputFiles implements Disposable {
  /** Names of the files: their paths, and a name for standard input. */
  readonly names: readonly string[];
  /** Path of the temporary file by the name of standard input; empty without it. */
  readonly paths: ReadonlyMap<string, string>;
  readonly #folder: string | undefined;

  private constructor(files: readonly string[], folder?: string) {
    this.names = files.map((file) => file === DASH ? NAME : file);
    this.paths = new Map(
      folder === undefined ? [] : [[NAME, join(folder, "input")]],
    );
    this.#folder = folder;
  }

  /**
   * Reads standard input where a file is `-`.
   *
   * @param files arguments
   * @throws PerfmockError `ARGUMENT_INVALID` where it would be read twice; the reason of the signal
   */
  static async read(
    files: readonly string[],
    signal: AbortSignal,
  ): Promise<InputFiles> {
    const times = files.filter((file) => file === DASH).length;
    if (times === 0) return new InputFiles(files);
    if (times > 1) {
      throw new PerfmockError("ARGUMENT_INVALID", "Cannot read the files", [{
        path: "",
        message: "Standard input can be read once",
        value: files.join(" "),
        allowed: "- for one of the files",
      }]);
    }
    const folder = await Deno.makeTempDir({ prefix: "perfmock-" });
    const input = new InputFiles(files, folder);
    try {
      using file = await Deno.open(join(folder, "input"), {
        write: true,
        createNew: true,
        mode: 0o600,
      });
      await Deno.stdin.readable.pipeTo(file.writable, {
        signal,
        preventCancel: true,
      });
      return input;
    } catch (error) {
      input[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    if (this.#folder !== undefined) {
      Deno.removeSync(this.#folder, { recursive: true });
    }
  }
}
