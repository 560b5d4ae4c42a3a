/**
 * Replicas on hosts of their own, behind a real haproxy, with a real Redis.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { PerfmockInput } from "../../mod.ts";
import { Network, type NetworkHost } from "./_network.ts";
import { NetworkRedis } from "./_redis.ts";
import { until } from "./_software.ts";

const MOD = fileURLToPath(new URL("../../mod.ts", import.meta.url));

/** Token of the control API, which a server beyond loopback needs. */
const TOKEN = "secret";

/** Port of each replica, and of the balancer. */
const PORT = 8080;

/** A replica that runs. */
export interface RunningReplica {
  readonly host: NetworkHost;
  readonly segment: string;
  /** Name in the register. */
  readonly name: string;
  /** Sends a signal to its process. */
  kill(signal: Deno.Signal): Promise<void>;
  /** Standard error so far. */
  readonly log: () => string;
}

/** Several replicas, a balancer and a Redis. */
export class Cluster implements AsyncDisposable {
  readonly #network: Network;
  readonly #folder: string;
  readonly #balancer: NetworkHost;
  readonly redis: NetworkRedis;
  readonly replicas: RunningReplica[] = [];

  private constructor(
    network: Network,
    folder: string,
    balancer: NetworkHost,
    redis: NetworkRedis,
  ) {
    this.#network = network;
    this.#folder = folder;
    this.#balancer = balancer;
    this.redis = redis;
  }

  /** Starts all of it. */
  static async start(
    count: number,
    config: PerfmockInput,
  ): Promise<Cluster> {
    const network = await Network.create();
    const folder = await Deno.makeTempDir({ prefix: "perfmock-cluster-" });
    try {
      const redis = await NetworkRedis.start(await network.host());
      const balancer = await network.host();
      const cluster = new Cluster(network, folder, balancer, redis);
      const hosts: NetworkHost[] = [];
      for (let i = 0; i < count; i++) hosts.push(await network.host());
      await Deno.writeTextFile(
        `${folder}/perfmock.json`,
        JSON.stringify({
          ...config,
          server: { host: "0.0.0.0", port: PORT, ...config.server },
          control: { token: TOKEN },
          shared: { redis: redis.url, leaseTime: "2s", ...config.shared },
        }),
      );
      await Promise.all(
        hosts.map((host, i) => cluster.add(host, `${i}/${count}`)),
      );
      await cluster.#balance(hosts);
      return cluster;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** URL of the balancer. */
  get url(): URL {
    return new URL(`http://${this.#balancer.address}:${PORT}/`);
  }

  /** Starts a replica, and waits until it is ready. */
  async add(host: NetworkHost, segment: string): Promise<RunningReplica> {
    const name = `replica-${segment[0]}`;
    const child = host.start(Deno.execPath(), [
      ...["run", "-A", "--no-check", MOD, "serve", "--quiet"],
      ...["--config", `${this.#folder}/perfmock.json`, "--segment", segment],
    ], { env: { POD_IP: host.address, POD_NAME: name } });
    let text = "";
    (async () => {
      for await (
        const part of child.stderr.pipeThrough(new TextDecoderStream())
      ) text += part;
    })();
    let over = false;
    child.status.then(() => over = true);
    const replica: RunningReplica = {
      host,
      segment,
      name,
      log: () => text,
      kill: async (signal) => {
        child.kill(signal);
        if (signal !== "SIGKILL" && signal !== "SIGTERM") return;
        await child.status;
        const index = this.replicas.indexOf(replica);
        if (index >= 0) this.replicas.splice(index, 1);
      },
    };
    await until(async () => {
      if (over) throw new Error(`It ended: ${text}`);
      const response = await fetch(
        `http://${host.address}:${PORT}/_perfmock/health/ready`,
      );
      await response.body?.cancel();
      return response.ok ? true : undefined;
    });
    this.replicas.push(replica);
    return replica;
  }

  /** Calls the control API of one replica. */
  async control<T>(
    { host }: Pick<RunningReplica, "host">,
    given: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly json: T }> {
    const [method, path] = given.split(" ");
    const response = await fetch(
      `http://${host.address}:${PORT}/_perfmock/${path}`,
      {
        method,
        headers: { authorization: `Bearer ${TOKEN}` },
        ...body !== undefined && { body: JSON.stringify(body) },
        signal: AbortSignal.timeout(10_000),
      },
    );
    const text = await response.text();
    return {
      status: response.status,
      json: (text === "" ? undefined : JSON.parse(text)) as T,
    };
  }

  /** Starts haproxy, which deals requests out in turn and looks at the readiness of each replica. */
  async #balance(hosts: readonly NetworkHost[]): Promise<void> {
    const file = `${this.#folder}/haproxy.cfg`;
    await Deno.writeTextFile(
      file,
      `global
  nbthread 1
  stats socket ${this.#folder}/haproxy.sock level admin
defaults
  mode http
  timeout connect 1s
  timeout client 60s
  timeout server 60s
  option http-keep-alive
  option redispatch
  retries 3
frontend all
  bind ${this.#balancer.address}:${PORT}
  default_backend replicas
backend replicas
  balance roundrobin
  option httpchk GET /_perfmock/health/ready
  http-check expect status 200
  retry-on conn-failure
${
        hosts.map(({ address }, i) =>
          `  server r${i} ${address}:${PORT} check inter 100ms fall 1 rise 1\n`
        ).join("")
      }`,
    );
    this.#balancer.start("haproxy", ["-db", "-f", file]);
    await until(async () => {
      const response = await fetch(new URL("/_perfmock/health/live", this.url));
      await response.body?.cancel();
      return response.ok ? true : undefined;
    });
  }

  /** Has the balancer send a replica no further requests, or send them again. */
  async route(
    { segment }: RunningReplica,
    state: "drain" | "ready",
  ): Promise<void> {
    using socket = await Deno.connect({
      transport: "unix",
      path: `${this.#folder}/haproxy.sock`,
    });
    await socket.write(
      new TextEncoder().encode(
        `set server replicas/r${segment[0]} state ${state}\n`,
      ),
    );
    await socket.read(new Uint8Array(100));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}
