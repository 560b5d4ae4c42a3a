/**
 * Child processes that exchange lines of text with their parent and do not outlive it.
 *
 * @module
 */

import { type Cores, shareCores } from "./cores.ts";

/** Environment of a process. */
export interface Surroundings {
  /** Role of the process, which selects its processors. Default "server". */
  readonly side?: keyof Cores;
  /** Environment variables in addition to the parent's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Child processes of a run. Disposal stops them all. */
export class Children implements AsyncDisposable {
  readonly #running = new Set<Child>();
  #cores: Cores | undefined;

  /**
   * Starts all further servers and clients on separate processors.
   *
   * @returns the reason, as a sentence, if this machine does not allow it
   */
  async separate(): Promise<string | undefined> {
    const cores = await shareCores();
    if (typeof cores === "string") return cores;
    this.#cores = cores;
  }

  /** Starts a process, which inherits standard error. */
  spawn(
    command: string,
    args: readonly string[],
    { side = "server", env = {} }: Surroundings = {},
  ): Child {
    const whole = this.#cores === undefined
      ? [command, ...args]
      : ["taskset", "-c", this.#cores[side], command, ...args];
    const child = new Child(whole, env, () => this.#running.delete(child));
    this.#running.add(child);
    return child;
  }

  /**
   * Starts a script with the running version of Deno.
   *
   * @param script path relative to tests/bench
   * @param args arguments of the script
   * @param flags flags of `deno run`
   * @param surroundings environment of the process
   */
  deno(
    script: string,
    args: readonly string[] = [],
    flags: readonly string[] = [],
    surroundings?: Surroundings,
  ): Child {
    const file = new URL(script, import.meta.url).pathname;
    const all = ["run", "-A", ...flags, file, ...args];
    return this.spawn(Deno.execPath(), all, surroundings);
  }

  /** Stops all processes that still run. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((child) => child.stop()));
  }
}

/** A running child process. */
export class Child {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #command: string;
  #ended: () => void;
  #stopping: Promise<void> | undefined;
  /** Time at which the process was started, in ms of `performance.now()`. */
  readonly startedAt: number = performance.now();
  /** True once the process has ended. */
  ended = false;

  /** Starts the process. `ended` is called once it was stopped. */
  constructor(
    [command, ...args]: readonly string[],
    env: Readonly<Record<string, string>>,
    ended: () => void,
  ) {
    this.#command = [command, ...args].join(" ");
    this.#ended = ended;
    this.#process = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      env: { DENO_NO_UPDATE_CHECK: "1", ...env },
    }).spawn();
    this.#lines = readLines(this.#process.stdout);
    this.#process.status.then(() => this.ended = true);
    this.#input = this.#process.stdin.getWriter();
  }

  /** Process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /**
   * Returns the next line of standard output.
   *
   * @param patience maximum time to wait, in ms; the process is stopped if it writes nothing
   * @throws Error if the process has ended or writes nothing
   */
  async line(patience = 30_000): Promise<string> {
    const timer = setTimeout(() => void this.stop(), patience);
    try {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`No further line came from ${this.#command}`);
      return value;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Writes a line to standard input. */
  async send(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Sends a signal to the process. */
  signal(name: Deno.Signal): void {
    this.#process.kill(name);
  }

  /** Kills the process and waits for its end. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
    await this.#process.status;
    await this.#input.abort().catch(() => {});
    await this.#lines.return(undefined).catch(() => {});
    if (!this.#process.stdout.locked) await this.#process.stdout.cancel();
    this.#ended();
  }
}

/** Yields the lines of a stream of bytes, without line ends. A last line without a line end is left out. */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Handles each line of standard input as an order in JSON, and writes each result as a line of JSON. */
export async function serveOrders<Order>(
  obey: (order: Order) => Promise<unknown>,
): Promise<void> {
  for await (const line of readLines(Deno.stdin.readable)) {
    const report = await obey(JSON.parse(line));
    const bytes = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
    for (let sent = 0; sent < bytes.length;) {
      sent += await Deno.stdout.write(bytes.subarray(sent));
    }
  }
}
