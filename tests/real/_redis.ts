/**
 * A redis-server on a host of its own.
 *
 * @module
 */
import type { NetworkHost } from "./_network.ts";
import { until } from "./_software.ts";

const PORT = 6379;

/** A redis-server that keeps nothing on disk. */
export class NetworkRedis {
  /** Host that it runs on. */
  readonly host: NetworkHost;
  #process: Deno.ChildProcess | undefined;

  private constructor(host: NetworkHost) {
    this.host = host;
  }

  /** Starts one, and waits until it answers. */
  static async start(host: NetworkHost): Promise<NetworkRedis> {
    const redis = new NetworkRedis(host);
    await redis.restart();
    return redis;
  }

  /** URL for clients. */
  get url(): string {
    return `redis://${this.host.address}:${PORT}`;
  }

  /** Starts it again, empty. */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = this.host.start("redis-server", [
      ...["--port", `${PORT}`, "--bind", this.host.address],
      ...["--protected-mode", "no", "--save", "", "--appendonly", "no"],
      ...["--daemonize", "no", "--dir", "/tmp"],
    ]);
    await until(async () => await this.#answers() ? true : undefined);
  }

  /** Kills it. */
  async kill(): Promise<void> {
    const process = this.#process;
    if (process === undefined) return;
    this.#process = undefined;
    process.kill("SIGCONT");
    process.kill("SIGKILL");
    await process.status;
    if (!process.stderr.locked) await process.stderr.cancel();
  }

  /** Stops it, so that it answers nothing and its connections stay. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets it go on. */
  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  async #answers(): Promise<boolean> {
    try {
      using connection = await Deno.connect({
        hostname: this.host.address,
        port: PORT,
      });
      await connection.write(new TextEncoder().encode("PING\r\n"));
      const bytes = new Uint8Array(16);
      await connection.read(bytes);
      return new TextDecoder().decode(bytes).startsWith("+PONG");
    } catch {
      return false;
    }
  }
}
