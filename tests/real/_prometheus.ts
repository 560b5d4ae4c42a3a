/**
 * A Prometheus for one test, started with the command and the files of examples/monitoring.
 *
 * @module
 */
import { freePort, until } from "./_software.ts";

/** Folder of the shipped files. */
export const MONITORING: URL = new URL(
  "../../examples/monitoring/",
  import.meta.url,
);

/** One series of the answer to a query: its labels, and its value as text. */
export interface Sample {
  /** Labels, including `__name__`. */
  readonly metric: Readonly<Record<string, string>>;
  /** The time, in seconds since 1970, and the value. */
  readonly value: readonly [number, string];
}

/** A running Prometheus. */
export class RealPrometheus implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(
    process: Deno.ChildProcess,
    folder: string,
    url: string,
  ) {
    this.#process = process;
    this.#folder = folder;
    this.#url = url;
  }

  /**
   * Starts it by the command in the README of examples/monitoring, with its files, once a second and for another server.
   *
   * @param server what is scraped
   * @param more further arguments
   */
  static start(
    server: URL,
    ...more: readonly string[]
  ): Promise<RealPrometheus> {
    return RealPrometheus.#start(server, { more });
  }

  /**
   * Starts it with blocks that promtool has made, and with nothing to scrape.
   *
   * @param blocks folder of the blocks
   */
  static startOn(blocks: string): Promise<RealPrometheus> {
    return RealPrometheus.#start(new URL("http://127.0.0.1:9"), { blocks });
  }

  static async #start(
    server: URL,
    { blocks, more = [] }: {
      readonly blocks?: string;
      readonly more?: readonly string[];
    },
  ): Promise<RealPrometheus> {
    const folder = await Deno.makeTempDir({ prefix: "perfmock-prometheus-" });
    if (blocks !== undefined) await Deno.rename(blocks, `${folder}/data`);
    const written = await Deno.readTextFile(
      new URL("prometheus.yml", MONITORING),
    );
    await Deno.writeTextFile(
      `${folder}/prometheus.yml`,
      written.replace("127.0.0.1:8080", server.host).replaceAll("5s", "1s"),
    );
    await Deno.copyFile(
      new URL("rules.yml", MONITORING),
      `${folder}/rules.yml`,
    );
    const port = freePort();
    const [program, ...args] = (await documentedCommand())
      .replace("examples/monitoring", folder)
      .replace('"$(mktemp -d)"', `${folder}/data`)
      .split(" ");
    const process = new Deno.Command(program, {
      args: [...args, `--web.listen-address=127.0.0.1:${port}`, ...more],
      stdout: "null",
      stderr: "null",
    }).spawn();
    return new RealPrometheus(process, folder, `http://127.0.0.1:${port}`);
  }

  /** Calls the API once and returns the `data` of its answer; undefined while it cannot answer. */
  async ask(
    path: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const url = new URL(`/api/v1/${path}`, this.#url);
    for (const [name, value] of Object.entries(parameters)) {
      url.searchParams.set(name, value);
    }
    const response = await fetch(url);
    const text = await response.text();
    // The answer is 503 until the storage is open.
    if (response.status === 503) return undefined;
    const answer = JSON.parse(text);
    if (answer.status !== "success") throw new Error(answer.error);
    return answer.data;
  }

  /**
   * Evaluates an expression now.
   *
   * @throws Error where it does not parse
   */
  async query(expression: string): Promise<readonly Sample[]> {
    const data = await this.ask("query", { query: expression });
    return (data as { result: Sample[] } | undefined)?.result ?? [];
  }

  /** Evaluates an expression until `wanted` accepts a series; returns the first such series. */
  first(
    expression: string,
    wanted: (value: number) => boolean = () => true,
  ): Promise<Sample> {
    return until(async () =>
      (await this.query(expression)).find(({ value }) =>
        wanted(Number(value[1]))
      )
    );
  }

  /** Stops Prometheus and removes its data. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGTERM");
    await this.#process.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Command in the README of examples/monitoring. */
async function documentedCommand(): Promise<string> {
  const text = await Deno.readTextFile(new URL("README.md", MONITORING));
  const command = /^prometheus .*$/m.exec(text)?.[0];
  if (command === undefined) throw new Error("README.md names no command");
  return command;
}
