/**
 * Reads HTTP/1.1 responses from a buffer that is filled piece by piece (RFC 9112). One reader serves one connection. It keeps the
 * head of the last response, counts the bytes of its body, and decodes only the parts that are read.
 *
 * @module
 */

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const COLON = 58;
const SPACE = 32;
const TAB = 9;
/**
 * Size of the first buffer, in bytes. Enough for most responses: with a connection per request, larger buffers would dominate the
 * cost.
 */
const FIRST_BUFFER = 4 * 1024;
const MAX_BUFFER = 64 * 1024;
const MIN_SPACE = 2 * 1024;
const MAX_HEAD = 64 * 1024;
export const MAX_KEPT_BODY: number = 1024 * 1024;
const VERSION = new TextEncoder().encode("HTTP/1.");
const decoder = new TextDecoder("latin1");

/** The bytes received are not an HTTP/1.1 response. */
export class MalformedResponse extends Error {
  /** The name of this class. */
  override readonly name = "MalformedResponse";
}

/** Reads one response after another. */
export class ResponseReader {
  #buffer = new Uint8Array(FIRST_BUFFER);
  /** True if the last bytes filled the buffer: larger reads cost less. */
  #full = false;
  #filled = 0;
  #line = 0;
  #scanned = 0;
  #headEnd = 0;
  #state: "head" | "length" | "chunked" | "until-close" | "complete" =
    "complete";
  #bodyless = false;
  #length = -1;
  #chunked = false;
  #encoded = false;
  #read = 0;
  readonly #chunks = new ChunkedBody();
  #body: BodyBuffer | undefined;
  #keepsBody = false;
  /** Status code; 0 until the status line has come. */
  status = 0;
  /** True if the server keeps the connection open after this response. */
  keepAlive = true;

  /** Length of the body so far in bytes, without the framing of chunks. */
  get bodyLength(): number {
    return this.#chunked ? this.#chunks.length : this.#read;
  }

  /** First MiB of the body as text; empty unless the response was started with `keepBody`. */
  get bodyText(): string {
    return this.#keepsBody ? this.#body?.text() ?? "" : "";
  }

  /**
   * Discards the last response and expects the next.
   *
   * @param bodyless true for HEAD, whose response has no body whatever its headers say
   * @param keepBody true if the body's text will be read
   */
  start(bodyless = false, keepBody = false): void {
    this.#bodyless = bodyless;
    this.#keepsBody = keepBody;
    if (keepBody) {
      this.#body ??= new BodyBuffer(MAX_KEPT_BODY);
      this.#body.start();
    }
    this.#filled = 0;
    this.#startHead();
  }

  /**
   * Returns the memory for the next bytes. Between two responses it may be called before {@linkcode ResponseReader.start}: the last
   * head stays readable until bytes come.
   */
  space(): Uint8Array<ArrayBuffer> {
    if (this.#state === "complete") return this.#buffer;
    const { length } = this.#buffer;
    if (
      length - this.#filled < MIN_SPACE ||
      this.#full && length < MAX_BUFFER
    ) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.#buffer);
      this.#buffer = grown;
    }
    // Avoids a view of the buffer for each response.
    return this.#filled === 0
      ? this.#buffer
      : this.#buffer.subarray(this.#filled);
  }

  /**
   * Reads n bytes that were written to {@linkcode ResponseReader.space}.
   *
   * @returns true once the response is complete
   * @throws MalformedResponse if the bytes are not an HTTP/1.1 response
   */
  push(n: number): boolean {
    let from = this.#filled;
    this.#filled += n;
    this.#full = this.#filled === this.#buffer.length;
    if (this.#state === "head") {
      if (!this.#readHead()) {
        if (this.#filled <= MAX_HEAD) return false;
        throw new MalformedResponse("The head of the response is too long");
      }
      from = this.#headEnd;
    }
    if (this.#readBody(from) < this.#filled) {
      throw new MalformedResponse("More bytes came than the response has");
    }
    this.#filled = this.#headEnd;
    return this.#state === "complete";
  }

  /**
   * Handles the end of the connection.
   *
   * @returns true if that completes the response: it ends a body without a length
   */
  end(): boolean {
    if (this.#state === "until-close") this.#state = "complete";
    return this.#state === "complete";
  }

  /**
   * Returns the value of a header of the last response, the first of several; null if absent.
   *
   * @param name in lower case
   */
  header(name: string): string | null {
    const buffer = this.#buffer;
    let line = buffer.indexOf(LINE_FEED) + 1;
    while (line < this.#headEnd) {
      const end = buffer.indexOf(LINE_FEED, line);
      if (this.#isNamed(line, name)) return this.#text(line, name, end);
      line = end + 1;
    }
    return null;
  }

  #startHead(): void {
    this.#state = "head";
    this.#line = this.#scanned = 0;
    this.#headEnd = 0;
    this.#length = -1;
    this.#chunked = this.#encoded = false;
    this.#read = 0;
    this.status = 0;
    this.keepAlive = true;
  }

  /** Reads all complete lines. Returns true once a final head is complete; interim ones (100, 103) are dropped. */
  #readHead(): boolean {
    const buffer = this.#buffer;
    for (let i = this.#scanned; i < this.#filled; i++) {
      if (buffer[i] !== LINE_FEED) continue;
      const line = this.#line;
      const end = buffer[i - 1] === CARRIAGE_RETURN ? i - 1 : i;
      this.#line = i + 1;
      if (this.status === 0) this.#readStatus(line, end);
      else if (end > line) this.#readField(line, end);
      else if (this.status < 200) {
        buffer.copyWithin(0, i + 1, this.#filled);
        this.#filled -= i + 1;
        this.#startHead();
        i = -1;
      } else {
        this.#headEnd = i + 1;
        this.#startBody();
        return true;
      }
    }
    this.#scanned = this.#filled;
    return false;
  }

  #readStatus(line: number, end: number): void {
    const buffer = this.#buffer;
    let fits = end - line >= 12 && buffer[line + 8] === SPACE &&
      (end - line === 12 || buffer[line + 12] === SPACE);
    for (let i = 0; i < VERSION.length; i++) {
      if (buffer[line + i] !== VERSION[i]) fits = false;
    }
    const status = this.#readNumber(line + 9, Math.min(line + 12, end));
    // No request asks for another protocol: bytes after a 101 cannot be read.
    if (!fits || !(status >= 100 && status <= 599) || status === 101) {
      throw new MalformedResponse("Cannot read the status line");
    }
    this.status = status;
    this.keepAlive = buffer[line + 7] !== 0x30;
  }

  /** Reads the fields that frame the message, recognised by their first letters, c and t. */
  #readField(line: number, end: number): void {
    const first = this.#buffer[line] | 0x20;
    if (first === 0x63) {
      if (this.#isNamed(line, "content-length")) this.#readLength(line, end);
      else if (this.#isNamed(line, "connection")) {
        this.#readConnection(this.#text(line, "connection", end).toLowerCase());
      }
    } else if (first === 0x74 && this.#isNamed(line, "transfer-encoding")) {
      this.#encoded = true;
      this.#chunked = /(?:^|[, \t])chunked$/i.test(
        this.#text(line, "transfer-encoding", end),
      );
    }
  }

  #readLength(line: number, end: number): void {
    const length = this.#readNumber(line + "content-length:".length, end);
    if (length < 0 || this.#length >= 0 && this.#length !== length) {
      throw new MalformedResponse("Cannot read the length of the body");
    }
    this.#length = length;
  }

  #readConnection(value: string): void {
    if (value === "close") this.keepAlive = false;
    else if (value === "keep-alive") this.keepAlive = true;
    else {
      const options = value.split(/[ \t]*,[ \t]*/);
      if (options.includes("close")) this.keepAlive = false;
      else if (options.includes("keep-alive")) this.keepAlive = true;
    }
  }

  /** Parses a whole number between blanks; −1 if there is anything else. */
  #readNumber(from: number, to: number): number {
    let number = 0;
    let i = from;
    let end = to;
    while (i < end && isBlank(this.#buffer[i])) i++;
    while (i < end && isBlank(this.#buffer[end - 1])) end--;
    if (i === end || end - i > 15) return -1;
    for (; i < end; i++) {
      const digit = this.#buffer[i] - 0x30;
      if (digit < 0 || digit > 9) return -1;
      number = number * 10 + digit;
    }
    return number;
  }

  #text(line: number, name: string, end: number): string {
    const from = line + name.length + 1;
    return decoder.decode(this.#buffer.subarray(from, end)).trim();
  }

  #isNamed(line: number, name: string): boolean {
    const buffer = this.#buffer;
    if (buffer[line + name.length] !== COLON) return false;
    for (let i = 0; i < name.length; i++) {
      const byte = buffer[line + i];
      const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
      if (lower !== name.charCodeAt(i)) return false;
    }
    return true;
  }

  /** Chooses the framing of the body (RFC 9112, section 6.3). */
  #startBody(): void {
    if (this.#bodyless || this.status === 204 || this.status === 304) {
      this.#chunked = false;
      this.#state = "complete";
    } else if (this.#chunked) {
      this.#chunks.start();
      this.#state = "chunked";
    } else if (this.#encoded || this.#length < 0) {
      this.keepAlive = false;
      this.#length = -1;
      this.#state = "until-close";
    } else this.#state = this.#length === 0 ? "complete" : "length";
  }

  /** Counts the body's bytes from a position. Returns the position at which the response or the bytes end. */
  #readBody(from: number): number {
    if (this.#state === "complete") return from;
    const keep = this.#keepsBody ? this.#body : undefined;
    if (this.#state === "chunked") return this.#readChunks(from, keep);
    const there = this.#filled - from;
    const taken = this.#state === "until-close"
      ? there
      : Math.min(there, this.#length - this.#read);
    keep?.add(this.#buffer, from, from + taken);
    this.#read += taken;
    if (this.#read === this.#length) this.#state = "complete";
    return from + taken;
  }

  #readChunks(from: number, keep: BodyBuffer | undefined): number {
    try {
      const filled = this.#buffer.subarray(0, this.#filled);
      const next = this.#chunks.read(filled, from, keep);
      if (this.#chunks.complete) this.#state = "complete";
      return next;
    } catch (error) {
      throw new MalformedResponse("Cannot read the chunks of the body", {
        cause: error,
      });
    }
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

const SEMICOLON = 59;
/** Twelve digits are 256 TiB, far below the limit of exact integers. */
const MAX_DIGITS = 12;

/**
 * Reads the framing of one chunked body after another (RFC 9112, section 7.1): counts the bytes of the data and copies them where
 * they are needed.
 */
export class ChunkedBody {
  #part: "size" | "extension" | "data" | "end" | "trailer" = "size";
  #digits = 0;
  #remaining = 0;
  #lineLength = 0;
  /** Length of the data so far, in bytes. */
  length = 0;
  /** True after the last chunk and the trailer. */
  complete = false;

  /** Expects the next body. */
  start(): void {
    this.length = 0;
    this.complete = false;
    this.#expectChunk();
  }

  /**
   * Reads bytes from a position on.
   *
   * @param keep buffer for the data; undefined to skip it
   * @returns the position after the body's last byte, or the end of the bytes if the body continues
   * @throws RangeError if the bytes are not a chunked body
   */
  read(bytes: Uint8Array, from: number, keep: BodyBuffer | undefined): number {
    const to = bytes.length;
    let i = from;
    while (i < to && !this.complete) {
      if (this.#part === "data") {
        const end = i + Math.min(this.#remaining, to - i);
        keep?.add(bytes, i, end);
        this.#remaining -= end - i;
        this.length += end - i;
        i = end;
        if (this.#remaining === 0) this.#part = "end";
      } else this.#readFraming(bytes[i++]);
    }
    return i;
  }

  #expectChunk(): void {
    this.#part = "size";
    this.#digits = 0;
    this.#remaining = 0;
  }

  #readFraming(byte: number): void {
    if (byte === CARRIAGE_RETURN) return;
    if (this.#part === "trailer") this.#readTrailer(byte);
    else if (byte === LINE_FEED) this.#endLine();
    else if (this.#part === "size") this.#readSize(byte);
    else if (this.#part === "end") {
      throw new RangeError("The data of a chunk does not end where it should");
    }
  }

  #endLine(): void {
    if (this.#part === "end") return this.#expectChunk();
    if (this.#digits === 0) {
      throw new RangeError("The size of a chunk is missing");
    }
    this.#part = this.#remaining > 0 ? "data" : "trailer";
    this.#lineLength = 0;
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && ++this.#digits <= MAX_DIGITS) {
      this.#remaining = this.#remaining * 16 + digit;
    } else if (this.#digits > 0 && (byte === SEMICOLON || byte === SPACE)) {
      this.#part = "extension";
    } else throw new RangeError("The size of a chunk is not a number");
  }

  #readTrailer(byte: number): void {
    if (byte !== LINE_FEED) this.#lineLength++;
    else if (this.#lineLength === 0) this.complete = true;
    else this.#lineLength = 0;
  }
}

/** Returns the value of a hexadecimal digit; −1 for any other byte. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

const INITIAL = 4 * 1024;

/** The beginning of a response's body, for a check. */
export class BodyBuffer {
  readonly #limit: number;
  #bytes = new Uint8Array(0);
  #filled = 0;

  /** @param limit maximum number of bytes; further ones are dropped */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Discards the last body; the memory is reused. */
  start(): void {
    this.#filled = 0;
  }

  /** Appends the bytes between two positions. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.#limit - this.#filled);
    if (end <= from) return;
    const filled = this.#filled + end - from;
    if (filled > this.#bytes.length) this.#grow(filled);
    this.#bytes.set(bytes.subarray(from, end), this.#filled);
    this.#filled = filled;
  }

  /** Returns the bytes as UTF-8; invalid ones become U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.#bytes.subarray(0, this.#filled));
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(
      Math.min(this.#limit, Math.max(INITIAL, needed, this.#bytes.length * 2)),
    );
    grown.set(this.#bytes.subarray(0, this.#filled));
    this.#bytes = grown;
  }
}
