/**
 * A server that speaks the protocol of Redis, and answers as a test wants: late, not at all, or with an error.
 *
 * @module
 */

/** A command: its words, the first in upper case. */
export type Command = readonly [string, ...string[]];

/** Error reply. */
export class ErrorReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Answers of a server: a text, a number, a list of texts, an error; nothing for `silent`, the usual one for undefined. */
export type Answer =
  | string
  | number
  | readonly string[]
  | ErrorReply
  | typeof silent
  | undefined;

/** Stands for no answer at all. */
export const silent: unique symbol = Symbol("silent");

/** Time that the server tells: 1000.5 s after 1970. */
const TIME = ["1000", "500000"] as const;

/** A server on a free port. */
export class FakeRedis implements AsyncDisposable {
  /** Commands that it has received. */
  readonly received: Command[] = [];
  /** Number of connections that their clients have closed. */
  closed = 0;
  /** Chooses the answer to a command. */
  answer: (command: Command) => Answer = () => undefined;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Map<Deno.Conn, Set<string>>();
  readonly #serving: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  #wake: () => void = () => {};

  constructor() {
    this.#accepting = this.#accept();
  }

  /** Port of the server. */
  get port(): number {
    return this.#listener.addr.port;
  }

  /** URL of the server. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Commands with a first word. */
  named(name: string): Command[] {
    return this.received.filter(([first]) => first === name);
  }

  /** Waits until it has received so many commands with a first word. */
  async got(name: string, count: number): Promise<void> {
    await this.#until(() => this.named(name).length >= count);
  }

  /** Waits until clients have closed so many connections. */
  async left(count: number): Promise<void> {
    await this.#until(() => this.closed >= count);
  }

  /** Sends a message of a channel to all connections that follow one, as if it had been on its way while they left this one. */
  async message(channel: string, text: string): Promise<void> {
    for (const [connection, channels] of this.#connections) {
      if (channels.size === 0) continue;
      await send(connection, pushOf(["message", channel, text].map(bulk)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      this.#serving.push(this.#serve(connection));
    }
  }

  async #serve(connection: Deno.Conn): Promise<void> {
    const channels = new Set<string>();
    this.#connections.set(connection, channels);
    const decoder = new TextDecoder();
    const bytes = new Uint8Array(1 << 16);
    let rest = "";
    for (;;) {
      const count = await connection.read(bytes).catch(() => null);
      if (count === null) break;
      rest += decoder.decode(bytes.subarray(0, count), { stream: true });
      for (;;) {
        const [command, following] = commandIn(rest);
        if (command === undefined) break;
        rest = following;
        const text = this.#replyTo(command, channels);
        if (text !== "") await send(connection, text);
        // Subscriptions that try the rights of the user are no part of what a test looks at.
        if (!command.at(-1)?.endsWith(":rights")) this.received.push(command);
        this.#wake();
      }
    }
    this.#connections.delete(connection);
    connection.close();
    this.closed++;
    this.#wake();
  }

  #replyTo(command: Command, channels: Set<string>): string {
    const answer = this.answer(command);
    if (answer === silent) return "";
    if (answer !== undefined) return encoded(answer);
    const [name, ...words] = command;
    switch (name) {
      case "INFO":
        return bulk("redis_version:7.0.0\r\n");
      case "EVAL":
      case "EVALSHA":
        return encoded(TIME);
      case "PUBLISH":
        return ":0\r\n";
      case "SUBSCRIBE":
      case "UNSUBSCRIBE":
        return words.map((channel) => {
          if (name === "SUBSCRIBE") channels.add(channel);
          else channels.delete(channel);
          return pushOf([
            bulk(name.toLowerCase()),
            bulk(channel),
            `:${channels.size}\r\n`,
          ]);
        }).join("");
      default:
        return "+OK\r\n";
    }
  }
}

/** Sends a text; a client that has left does not read it. */
async function send(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text)).catch(() => {});
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`;
}

function listOf(items: readonly string[]): string {
  return `*${items.length}\r\n${items.join("")}`;
}

/** A list that answers no command, as version 3 of the protocol marks it. */
function pushOf(items: readonly string[]): string {
  return `>${items.length}\r\n${items.join("")}`;
}

function encoded(answer: Exclude<Answer, symbol | undefined>): string {
  if (answer instanceof ErrorReply) return `-${answer.text}\r\n`;
  if (typeof answer === "number") return `:${answer}\r\n`;
  if (typeof answer === "string") return bulk(answer);
  return listOf(answer.map(bulk));
}

/** Takes the first command from a text of ASCII characters; undefined if it is not complete. */
function commandIn(text: string): [Command | undefined, string] {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return [undefined, text];
  let rest = text.slice(head[0].length);
  const words: string[] = [];
  while (words.length < Number(head[1])) {
    const length = /^\$(\d+)\r\n/.exec(rest);
    if (length === null) return [undefined, text];
    const from = length[0].length;
    const end = from + Number(length[1]);
    if (rest.length < end + 2) return [undefined, text];
    words.push(rest.slice(from, end));
    rest = rest.slice(end + 2);
  }
  const [first, ...others] = words;
  return [[first.toUpperCase(), ...others], rest];
}
