/**
 * One process of `serve --processes` as the supervisor sees it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { denoFlags } from "../../lib/deno_flags.ts";
import {
  lineOf,
  linesOf,
  type Order,
  readMessages,
  type Report,
} from "./messages.ts";

/** Module that a process runs. */
const MODULE = new URL("./replica.ts", import.meta.url);

/** Permissions of Deno that are passed on where they are granted as a whole. */
const PERMISSIONS = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "ffi",
  "sys",
  "import",
] as const;

/** End of a process. */
export interface ProcessEnd {
  /** Exit status in words, such as "status 1" or "SIGKILL". */
  readonly how: string;
  /** Last line that it wrote to standard error; undefined if there was none. */
  readonly lastLine: string | undefined;
}

/** Callbacks of a process. */
export interface ProcessEvents {
  /** Takes a message. */
  readonly report: (report: Report) => void;
  /** Takes a line that it wrote to standard error, or, with `out`, to standard output. */
  readonly line: (text: string, out: boolean) => void;
  /** Called once it has ended. */
  readonly ended: (end: ProcessEnd) => void;
}

/** A running process. */
export class ReplicaProcess {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #encoder = new TextEncoder();
  /** Resolves when it has ended. */
  readonly over: Promise<void>;
  #lastLine: string | undefined;

  /** @throws Error if the system cannot start it */
  constructor(events: ProcessEvents) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...flags(), moduleToRun()],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { DENO_NO_UPDATE_CHECK: "1" },
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.over = this.#follow(events);
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Sends an order. One to a process that has ended is lost. */
  send(order: Order): void {
    this.#input.write(this.#encoder.encode(lineOf(order))).catch(() => {});
  }

  /** Ends it at once. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
  }

  async #follow({ ended, line, report }: ProcessEvents): Promise<void> {
    const messages = async () => {
      for await (const read of readMessages<Report>(this.#child.stdout)) {
        if ("message" in read) report(read.message);
        else line(read.text, true);
      }
    };
    const errors = async () => {
      for await (const text of linesOf(this.#child.stderr)) {
        if (text !== "") this.#lastLine = text;
        line(text, false);
      }
    };
    const [{ code, signal }] = await Promise.all([
      this.#child.status,
      messages(),
      errors(),
    ]);
    await this.#input.abort().catch(() => {});
    ended({
      how: signal === null ? `status ${code}` : signal,
      lastLine: this.#lastLine,
    });
  }
}

/** The module as an argument of `deno run`. */
function moduleToRun(): string {
  return MODULE.protocol === "file:" ? fileURLToPath(MODULE) : MODULE.href;
}

/** Flags of `deno run`. */
function flags(): string[] {
  return [
    ...denoFlags(MODULE.pathname.includes("/node_modules/")),
    ...permissionFlags(),
  ];
}

/** Flags that give a process the permissions of this one, as far as they are granted as a whole. */
function permissionFlags(): string[] {
  const granted = PERMISSIONS.filter((name) =>
    Deno.permissions.querySync({ name }).state === "granted"
  );
  return granted.length === PERMISSIONS.length
    ? ["-A"]
    : ["--no-prompt", ...granted.map((name) => `--allow-${name}`)];
}
