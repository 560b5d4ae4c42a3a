/**
 * Redis servers of a test's own, each on a free port, without files.
 *
 * @module
 */

/** True if the suite demands installed software: then a missing Redis is a failure. */
const REQUIRED = Deno.env.get("PERFMOCK_REQUIRE_REAL") === "1";

/** True if redis-server or valkey-server is installed. */
export const program: string | undefined = await installed();

async function installed(): Promise<string | undefined> {
  for (const name of ["redis-server", "valkey-server"]) {
    try {
      const { success } = await new Deno.Command(name, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  if (REQUIRED) {
    throw new Error("Neither redis-server nor valkey-server is installed");
  }
  return undefined;
}

/** A Redis server that runs. */
export class TestRedis implements AsyncDisposable {
  readonly port: number;
  readonly #args: readonly string[];
  #child: Deno.ChildProcess;

  private constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
    this.#child = this.#spawn();
  }

  /** Starts a server that takes connections when the promise resolves. */
  static async start(args: readonly string[] = []): Promise<TestRedis> {
    const redis = new TestRedis(freePort(), args);
    await redis.#listening();
    return redis;
  }

  /** URL of the server. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Kills the server; its data are lost. */
  async kill(): Promise<void> {
    this.#child.kill("SIGCONT");
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  /** Starts the server again after it was killed, on the same port and empty. */
  async restart(): Promise<void> {
    this.#child = this.#spawn();
    await this.#listening();
  }

  /** Stops the process without ending it. */
  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  /** Lets the process go on. */
  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Sends one command as redis-cli does, over a connection of its own. Returns the raw answer. */
  async command(...words: readonly string[]): Promise<string> {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: this.port,
    });
    const text = words.map((word) =>
      `$${new TextEncoder().encode(word).length}\r\n${word}\r\n`
    ).join("");
    await connection.write(
      new TextEncoder().encode(`*${words.length}\r\n${text}`),
    );
    const bytes = new Uint8Array(1 << 16);
    const count = await connection.read(bytes);
    return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.kill();
    } catch (error) {
      // A test may have killed it.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  #spawn(): Deno.ChildProcess {
    return new Deno.Command(program ?? "redis-server", {
      args: [
        ...["--port", `${this.port}`, "--bind", "127.0.0.1"],
        ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
        ...["--enable-debug-command", "local"],
        ...this.#args,
      ],
      cwd: "/tmp",
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  async #listening(): Promise<void> {
    for (let i = 0; i < 500; i++) {
      try {
        if ((await this.command("PING")).length > 0) return;
      } catch (error) {
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error("Redis does not listen");
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
