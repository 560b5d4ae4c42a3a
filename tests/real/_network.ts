/**
 * Hosts with addresses of their own on this machine: network namespaces of Linux, joined by a bridge. It takes root.
 *
 * @module
 */

/** Ends a network: what runs in its namespaces, the namespaces, and the bridge. It waits for the end of its standard input. */
const REMOVAL = `
trap '' INT TERM HUP
cat > /dev/null
ip netns list | cut -d ' ' -f 1 | grep "^$1-" | while read -r name; do
  ip netns pids "$name" | xargs -r kill -KILL
  ip netns delete "$name"
done
# Connections that end slowly keep a namespace, and with it the cable, for a while.
ip -o link | grep -o "$1v[0-9]*" | sort -u | xargs -r -n 1 ip link delete
ip link delete "$1"
true
`;

/** Runs a command of `ip`. */
async function ip(...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(
      `ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`,
    );
  }
}

/** A host. */
export interface NetworkHost {
  /** Its address. */
  readonly address: string;
  /** Starts a program on it; the process is that of the program itself. */
  start(program: string, args: readonly string[], options?: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
  }): Deno.ChildProcess;
  /** Takes its cable out, or plugs it in again: packets get lost, and nobody is told. */
  connect(connected: boolean): Promise<void>;
}

/** A network. However the process of the test ends, it is removed. */
export class Network implements AsyncDisposable {
  readonly #name: string;
  readonly #prefix: string;
  readonly #removal: Deno.ChildProcess;
  readonly #running: Deno.ChildProcess[] = [];
  #hosts = 0;

  private constructor(
    name: string,
    prefix: string,
    removal: Deno.ChildProcess,
  ) {
    this.#name = name;
    this.#prefix = prefix;
    this.#removal = removal;
  }

  /** Makes a network without hosts, of which this process is a part. */
  static async create(): Promise<Network> {
    const name = `pm${Deno.pid}`;
    // Of the block for tests of network devices (RFC 2544), which no real network uses.
    const prefix = `198.18.${Deno.pid % 256}`;
    const removal = new Deno.Command("sh", {
      args: ["-c", REMOVAL, "sh", name],
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const network = new Network(name, prefix, removal);
    try {
      await ip("link", "add", name, "type", "bridge");
      await ip("address", "add", `${prefix}.254/24`, "dev", name);
      await ip("link", "set", name, "up");
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** Adds a host. */
  async host(): Promise<NetworkHost> {
    const number = ++this.#hosts;
    const space = `${this.#name}-${number}`;
    // A name of an interface has at most 15 characters.
    const cable = `${this.#name}v${number}`;
    const address = `${this.#prefix}.${number}`;
    await ip("netns", "add", space);
    await ip(
      ...["link", "add", cable, "type", "veth"],
      ...["peer", "name", "eth0", "netns", space],
    );
    await ip("link", "set", cable, "master", this.#name);
    await ip("link", "set", cable, "up");
    await ip("-n", space, "address", "add", `${address}/24`, "dev", "eth0");
    await ip("-n", space, "link", "set", "lo", "up");
    await ip("-n", space, "link", "set", "eth0", "up");
    return {
      address,
      start: (program, args, { env, cwd } = {}) => {
        const child = new Deno.Command("ip", {
          args: ["netns", "exec", space, program, ...args],
          stdin: "null",
          stdout: "null",
          stderr: "piped",
          ...env !== undefined && { env: { ...env } },
          ...cwd !== undefined && { cwd },
        }).spawn();
        this.#running.push(child);
        return child;
      },
      connect: (connected) =>
        ip("link", "set", cable, connected ? "up" : "down"),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#removal.stdin.close();
    await this.#removal.status;
    await Promise.all(this.#running.map(async (child) => {
      await child.status;
      if (!child.stderr.locked) await child.stderr.cancel();
    }));
  }
}
