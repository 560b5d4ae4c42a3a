/** A request as an engine presents it that reads and writes bytes itself. It remembers what it was told to send. */
import type { AsciiWriter } from "../../core/lib/ascii_writer.ts";
import { EMPTY_BODY, ReceivedBody } from "../../core/pipeline/received_body.ts";
import type {
  Incoming,
  LeaveListener,
  PreparedAnswer,
} from "../../core/pipeline/incoming.ts";

/** A request that takes prepared bytes. */
export class RawIncoming implements Incoming {
  readonly client = "127.0.0.1";
  readonly #headers: Headers;
  /** Number of Requests that were made. */
  requests = 0;
  body: ReceivedBody | undefined = undefined;
  /** Body that `readBody` reads at once; undefined for none. */
  text: string | undefined = undefined;
  /** Prepared bytes that were sent, and the header lines of the exchange. */
  sent: { readonly answer: PreparedAnswer; readonly fields: string }[] = [];
  /** Responses that were taken. */
  responses: (Response | Promise<Response>)[] = [];
  /** Number of resets. */
  resets = 0;
  /** Listener to the client's leaving, with the flag that came with it. */
  watch: { readonly listener: LeaveListener; readonly short: boolean }[] = [];

  /** @param fails error that `send` throws; undefined to send */
  constructor(
    readonly method: string,
    readonly url: string,
    headers: Readonly<Record<string, string>> = {},
    readonly fails?: Error,
  ) {
    this.#headers = new Headers(headers);
  }

  get request(): Request {
    this.requests++;
    const { method, url } = this;
    return new Request(url, { method, headers: this.#headers });
  }

  readBody(done: (whole: boolean) => void): void {
    this.body = this.text === undefined
      ? EMPTY_BODY
      : new ReceivedBody(new TextEncoder().encode(this.text));
    done(true);
  }

  header(name: string): string | null {
    return this.#headers.get(name);
  }

  respond(response: Response | Promise<Response>): void {
    this.responses.push(response);
  }

  send(answer: PreparedAnswer, fields: Pick<AsciiWriter, "bytes">): void {
    if (this.fails !== undefined) throw this.fails;
    const text = new TextDecoder().decode(fields.bytes);
    this.sent.push({ answer, fields: text });
  }

  reset(): void {
    this.resets++;
  }

  onLeave(listener: LeaveListener, short: boolean): void {
    this.watch.push({ listener, short });
  }

  /** The message that was sent, in Latin-1: status line, header lines, and body. */
  message(): { readonly lines: readonly string[]; readonly body: string } {
    const [{ answer, fields }] = this.sent;
    const text = new TextDecoder("latin1").decode(answer.head) + fields;
    return {
      lines: text.split("\r\n").slice(0, -1),
      body: new TextDecoder().decode(answer.body),
    };
  }
}
