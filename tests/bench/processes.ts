/**
 * Child processes that talk in lines and never outlive their owner.
 *
 * @module
 */

import { type Cores, shareCores } from "./cores.ts";

/** What a process finds where it runs. */
export interface Surroundings {
  /** Whether it serves or drives load; a server where nothing is said. */
  readonly side?: keyof Cores;
  /** Environment variables beside its parent's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The child processes of a run. Disposal ends them all. */
export class Children implements AsyncDisposable {
  readonly #running = new Set<Child>();
  #cores: Cores | undefined;

  /**
   * From now on servers and clients are started on processors of their own.
   *
   * @returns a sentence where that cannot be had here
   */
  async separate(): Promise<string | undefined> {
    const cores = await shareCores();
    if (typeof cores === "string") return cores;
    this.#cores = cores;
  }

  /** Starts a process; its standard error is passed on. */
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
   * Starts this Deno with a script.
   *
   * @param script relative to the folder of the benchmarks
   * @param args the script's arguments
   * @param flags Deno's own
   * @param surroundings where it runs
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

  /** Ends all that still run. */
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
  /** When it was started, in milliseconds of `performance.now()`. */
  readonly startedAt: number = performance.now();
  /** Whether it is gone. */
  ended = false;

  /** Starts it; `ended` is called once it was stopped. */
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

  /** Its process id. */
  get pid(): number {
    return this.#process.pid;
  }

  /**
   * The next line of its standard output.
   *
   * @param patience how long to wait, in milliseconds; a child that says nothing is stopped
   * @throws Error where the child has ended or stays silent
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

  /** Writes a line to its standard input. */
  async send(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Sends it a signal. */
  signal(name: Deno.Signal): void {
    this.#process.kill(name);
  }

  /** Ends it and waits until it is gone. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#process.status;
    await this.#input.abort().catch(() => {});
    await this.#lines.return(undefined).catch(() => {});
    if (!this.#process.stdout.locked) await this.#process.stdout.cancel();
    this.#ended();
  }
}

/** The lines of a stream of bytes, without their ends. */
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
