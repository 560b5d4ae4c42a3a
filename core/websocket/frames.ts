/**
 * Frames of WebSocket (RFC 6455, section 5), as a server sends and receives them. The reader is strict: whatever the standard forbids
 * ends the connection, with the code that it asks for.
 *
 * @module
 */

/** Opcodes of frames. */
export const OPCODE = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** Codes with which a connection is closed (RFC 6455, section 7.4.1). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  /** Stands for a close frame without a code; never sent. */
  none: 1005,
  /** Stands for a connection that ended without a close frame; never sent. */
  abnormal: 1006,
  invalidData: 1007,
  policy: 1008,
  tooBig: 1009,
} as const;

const FIN = 0x80;
const MASKED = 0x80;
const RESERVED = 0x70;
/** Maximum length of the payload of a control frame, in bytes. */
export const CONTROL_LIMIT = 125;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** Makes a frame that is a whole message, or a control frame, without a mask: only clients mask. */
export function encodeFrame(
  opcode: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const extended = length <= CONTROL_LIMIT ? 0 : length <= 0xffff ? 2 : 8;
  const frame = new Uint8Array(2 + extended + length);
  frame[0] = FIN | opcode;
  if (extended === 0) frame[1] = length;
  else {
    const view = new DataView(frame.buffer);
    frame[1] = extended === 2 ? 126 : 127;
    if (extended === 2) view.setUint16(2, length);
    else view.setBigUint64(2, BigInt(length));
  }
  frame.set(payload, 2 + extended);
  return frame;
}

/** Makes the frame of a text message. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(OPCODE.text, encoder.encode(text));
}

/**
 * Makes a close frame.
 *
 * @param code undefined for a frame without a code
 * @param reason text of at most 123 bytes
 */
export function encodeClose(
  code: number | undefined,
  reason: string,
): Uint8Array<ArrayBuffer> {
  if (code === undefined) return encodeFrame(OPCODE.close, new Uint8Array(0));
  const words = encoder.encode(reason);
  const payload = new Uint8Array(2 + words.length);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  payload.set(words, 2);
  return encodeFrame(OPCODE.close, payload);
}

/** True for a code that a close frame may have: those that are registered, and those of libraries and applications. */
export function isCloseCode(code: number): boolean {
  return code >= 3000 && code <= 4999 ||
    code >= 1000 && code <= 1014 && code !== 1004 && code !== CLOSE.none &&
      code !== CLOSE.abnormal;
}

/** Takes what a client sends. */
export interface FrameSink {
  /** A whole message of text. */
  text(text: string): void;
  /** A whole message of bytes. */
  binary(bytes: Uint8Array<ArrayBuffer>): void;
  ping(payload: Uint8Array<ArrayBuffer>): void;
  pong(): void;
  /** A close frame, after which nothing more is read; code 1005 for one without a code. */
  closing(code: number, reason: string): void;
  /** The client breaks the standard or a limit: the connection is to be closed with this code. Nothing more is read. */
  violated(code: number, reason: string): void;
}

/** Reads the frames of one client. */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #limit: number;
  /** Bytes of a frame's header, which may come in pieces. */
  readonly #header = new Uint8Array(14);
  #headerLength = 0;
  #headerNeeds = 2;
  #opcode = 0;
  #fin = false;
  /** Payload of a control frame. */
  #control: Uint8Array<ArrayBuffer> | undefined;
  /** Kind of the message whose fragments are coming; 0 for none. */
  #message = 0;
  /** Bytes of a message that is no text, as far as they have come. */
  #bytes: Uint8Array<ArrayBuffer> = NOTHING;
  /** Size of the message, with all of the frame that is coming. */
  #size = 0;
  #decoder: TextDecoder | undefined;
  #text = "";
  #left = 0;
  #read = 0;
  #inPayload = false;
  #ended = false;

  /** @param limit maximum size of a message, in bytes */
  constructor(sink: FrameSink, limit: number) {
    this.#sink = sink;
    this.#limit = limit;
  }

  /** Reads the next bytes; they are not kept. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (!this.#ended && at < bytes.length) {
      if (!this.#inPayload) {
        this.#header[this.#headerLength++] = bytes[at++];
        if (this.#headerLength === this.#headerNeeds) this.#readHeader();
        continue;
      }
      const end = Math.min(bytes.length, at + this.#left);
      this.#readPayload(
        unmasked(bytes.subarray(at, end), this.#header, {
          mask: this.#headerNeeds - 4,
          read: this.#read,
        }),
      );
      this.#read += end - at;
      this.#left -= end - at;
      at = end;
      if (this.#left === 0 && !this.#ended) this.#endFrame();
    }
  }

  #fail(code: number, reason: string): void {
    this.#ended = true;
    this.#sink.violated(code, reason);
  }

  /** The header is complete as far as it is known to go. */
  #readHeader(): void {
    const header = this.#header;
    if (this.#headerNeeds === 2) {
      const problem = this.#problemOf(header[0], header[1]);
      if (problem !== undefined) {
        return this.#fail(CLOSE.protocolError, problem);
      }
      const length = header[1] & 0x7f;
      const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
      this.#headerNeeds = 2 + extended + 4;
      return;
    }
    const length = this.#lengthOf(header);
    if (length < 0) {
      return this.#fail(
        CLOSE.protocolError,
        "The length of a frame is not written in the shortest form",
      );
    }
    this.#opcode = header[0] & 0x0f;
    this.#fin = (header[0] & FIN) !== 0;
    this.#left = length;
    this.#read = 0;
    if (this.#opcode >= OPCODE.close) {
      this.#control = new Uint8Array(length);
    } else {
      if (this.#size + length > this.#limit) {
        return this.#fail(
          CLOSE.tooBig,
          `A message may have ${this.#limit} bytes`,
        );
      }
      if (this.#opcode !== OPCODE.continuation) {
        this.#message = this.#opcode;
        this.#decoder = this.#opcode === OPCODE.text
          // A byte order mark is a part of the message.
          ? new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
          : undefined;
      }
      this.#size += length;
      if (this.#decoder === undefined) this.#makeRoom();
    }
    this.#inPayload = true;
    if (length === 0) this.#endFrame();
  }

  /** Returns the error in the first two bytes of a frame; undefined if there is none. */
  #problemOf(first: number, second: number): string | undefined {
    const opcode = first & 0x0f;
    const control = opcode >= OPCODE.close;
    if ((first & RESERVED) !== 0) {
      return "A reserved bit is set, and no extension was agreed on";
    }
    if (opcode > OPCODE.pong || opcode > OPCODE.binary && !control) {
      return `The opcode ${opcode} is reserved`;
    }
    if ((second & MASKED) === 0) return "A frame of a client has no mask";
    if (control && (first & FIN) === 0) return "A control frame is fragmented";
    if (control && (second & 0x7f) > CONTROL_LIMIT) {
      return "A control frame is longer than 125 bytes";
    }
    if (opcode === OPCODE.continuation && this.#message === 0) {
      return "A continuation has no beginning";
    }
    if (!control && opcode !== OPCODE.continuation && this.#message !== 0) {
      return "A message begins within another";
    }
    return undefined;
  }

  /** Length of the payload; -1 if it is not written in the shortest form. */
  #lengthOf(header: Uint8Array): number {
    const short = header[1] & 0x7f;
    const view = new DataView(header.buffer);
    if (short === 126) {
      const length = view.getUint16(2);
      return length < 126 ? -1 : length;
    }
    if (short < 126) return short;
    const length = view.getBigUint64(2);
    return length <= 0xffffn || length >> 63n !== 0n ? -1 : Number(length);
  }

  #readPayload(payload: Uint8Array<ArrayBuffer>): void {
    if (this.#control !== undefined) {
      this.#control.set(payload, this.#read);
    } else if (this.#decoder === undefined) {
      this.#bytes.set(payload, this.#size - this.#left);
    } else this.#decode(payload, true);
  }

  /** Makes room for a frame. Many small fragments must not cost more than their bytes. */
  #makeRoom(): void {
    if (this.#size <= this.#bytes.length) return;
    const larger = new Uint8Array(
      this.#bytes.length === 0
        ? this.#size
        : Math.max(this.#size, 2 * this.#bytes.length),
    );
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** Decodes text as it comes, so that an error is found at once. */
  #decode(payload: Uint8Array<ArrayBuffer>, stream: boolean): void {
    try {
      this.#text += this.#decoder?.decode(payload, { stream }) ?? "";
    } catch {
      this.#fail(CLOSE.invalidData, "A text is not UTF-8");
    }
  }

  #endFrame(): void {
    const control = this.#control;
    this.#control = undefined;
    this.#inPayload = false;
    this.#headerLength = 0;
    this.#headerNeeds = 2;
    if (control !== undefined) this.#endControl(control);
    else if (this.#fin) this.#endMessage();
  }

  #endMessage(): void {
    const text = this.#message === OPCODE.text;
    if (text) this.#decode(NOTHING, false);
    if (this.#ended) return;
    const words = this.#text;
    const bytes = this.#bytes.subarray(0, this.#size);
    this.#message = this.#size = 0;
    this.#bytes = NOTHING;
    this.#text = "";
    this.#decoder = undefined;
    if (text) this.#sink.text(words);
    else this.#sink.binary(bytes);
  }

  #endControl(payload: Uint8Array<ArrayBuffer>): void {
    if (this.#opcode === OPCODE.ping) return this.#sink.ping(payload);
    if (this.#opcode === OPCODE.pong) return this.#sink.pong();
    if (payload.length === 0) {
      this.#ended = true;
      return this.#sink.closing(CLOSE.none, "");
    }
    const code = payload.length === 1 ? 0 : payload[0] << 8 | payload[1];
    if (!isCloseCode(code)) {
      return this.#fail(
        CLOSE.protocolError,
        "The code of a close is not valid",
      );
    }
    try {
      const reason = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(payload.subarray(2));
      this.#ended = true;
      this.#sink.closing(code, reason);
    } catch {
      this.#fail(CLOSE.invalidData, "The reason of a close is not UTF-8");
    }
  }
}

/**
 * Copies a part of a payload without its mask.
 *
 * @param header header of the frame, with the index of its mask
 * @param place `read`: number of bytes of the payload before this part
 */
function unmasked(
  bytes: Uint8Array,
  header: Uint8Array,
  { mask, read }: { readonly mask: number; readonly read: number },
): Uint8Array<ArrayBuffer> {
  const plain = new Uint8Array(bytes.length);
  for (let i = 0; i < plain.length; i++) {
    plain[i] = bytes[i] ^ header[mask + (read + i & 3)];
  }
  return plain;
}
