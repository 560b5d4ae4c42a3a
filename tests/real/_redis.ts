/**
 * A redis-server for one test.
 *
 * @module
 */
import { connect } from "node:net";
import type { NetworkHost } from "./_network.ts";
import { freePort, until } from "./_software.ts";

/** Starts a program; `NetworkHost.start` does it on another host. */
type Start = NetworkHost["start"];

const startHere: Start = (program, args) =>
  new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();

/** A redis-server that keeps nothing on disk. */
export class RealRedis implements AsyncDisposable {
  readonly #start: Start;
  readonly #address: string;
  readonly #port: number;
  #process: Deno.ChildProcess | undefined;

  private constructor(start: Start, address: string, port: number) {
    this.#start = start;
    this.#address = address;
    this.#port = port;
  }

  /** Starts one, on this machine's loopback or on a host. */
  static async start(host?: NetworkHost): Promise<RealRedis> {
    const redis = host === undefined
      ? new RealRedis(startHere, "127.0.0.1", freePort())
      : new RealRedis(host.start, host.address, 6379);
    await redis.restart();
    return redis;
  }

  /** URL for clients. */
  get url(): string {
    return `redis://${this.#address}:${this.#port}`;
  }

  /** Starts it again, empty. */
  async restart(): Promise<void> {
    await this.kill();
    this.#process = this.#start("redis-server", [
      ...["--port", `${this.#port}`, "--bind", this.#address],
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

  /** Sends one command, with its words separated by spaces, and returns the beginning of the answer. */
  command(words: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, this.#address);
      socket.setTimeout(2000, () => socket.destroy(new Error("No answer")));
      socket.on("error", reject);
      socket.on("data", (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.write(`${words}\r\n`);
    });
  }

  async #answers(): Promise<boolean> {
    try {
      return (await this.command("PING")).startsWith("+PONG");
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}
