import { deepEqual, equal } from "node:assert/strict";
import {
  encodeClose,
  encodeFrame,
  encodeText,
  FrameReader,
  type FrameSink,
  isCloseCode,
  OPCODE,
} from "../../../core/websocket/frames.ts";

const encoder = new TextEncoder();

/** Returns a frame as a client sends it. */
function clientFrame(
  opcode: number,
  payload: Uint8Array | string = "",
  { fin = true, reserved = 0, masked = true, length }: {
    readonly fin?: boolean;
    readonly reserved?: number;
    readonly masked?: boolean;
    /** Bytes that announce the length, in place of the shortest. */
    readonly length?: readonly number[];
  } = {},
): Uint8Array {
  const plain = typeof payload === "string" ? encoder.encode(payload) : payload;
  const mask = [0x37, 0xfa, 0x21, 0x3d];
  const size = plain.length;
  const written = length ??
    (size < 126 ? [size] : size < 65_536 ? [126, size >> 8, size & 255] : [
      127,
      0,
      0,
      0,
      0,
      size >>> 24,
      size >> 16 & 255,
      size >> 8 & 255,
      size & 255,
    ]);
  return Uint8Array.from([
    (fin ? 0x80 : 0) | reserved | opcode,
    written[0] | (masked ? 0x80 : 0),
    ...written.slice(1),
    ...masked ? mask : [],
    ...plain.map((byte, i) => masked ? byte ^ mask[i % 4] : byte),
  ]);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Reads bytes in pieces of a size; returns what the sink was told. */
function read(
  bytes: Uint8Array,
  { piece = bytes.length || 1, limit = 1 << 20 } = {},
): string[] {
  const told: string[] = [];
  const sink: FrameSink = {
    text: (text) => void told.push(`text ${text}`),
    binary: (data) => void told.push(`binary ${[...data]}`),
    ping: (data) => void told.push(`ping ${new TextDecoder().decode(data)}`),
    pong: () => void told.push("pong"),
    closing: (code, reason) => void told.push(`close ${code} ${reason}`),
    violated: (code) => void told.push(`violated ${code}`),
  };
  const reader = new FrameReader(sink, limit);
  for (let at = 0; at < bytes.length; at += piece) {
    reader.push(bytes.subarray(at, at + piece));
  }
  return told;
}

const { binary, close, continuation, ping, pong, text } = OPCODE;
const first = { fin: false };

/** Cases after those of the Autobahn test suite, by its numbers. */
const CASES: readonly (readonly [string, Uint8Array, readonly string[]])[] = [
  ["1.1.1 empty text", clientFrame(text), ["text "]],
  ["1.1.2 text of 125", clientFrame(text, "*".repeat(125)), [
    `text ${"*".repeat(125)}`,
  ]],
  ["1.1.3 text of 126", clientFrame(text, "*".repeat(126)), [
    `text ${"*".repeat(126)}`,
  ]],
  ["1.1.6 text of 65535", clientFrame(text, "*".repeat(65_535)), [
    `text ${"*".repeat(65_535)}`,
  ]],
  ["1.1.7 text of 65536", clientFrame(text, "*".repeat(65_536)), [
    `text ${"*".repeat(65_536)}`,
  ]],
  ["1.2.1 empty binary", clientFrame(binary), ["binary "]],
  ["1.2.2 binary", clientFrame(binary, Uint8Array.of(0, 254, 255)), [
    "binary 0,254,255",
  ]],
  ["2.1 empty ping", clientFrame(ping), ["ping "]],
  ["2.4 ping of 125", clientFrame(ping, "p".repeat(125)), [
    `ping ${"p".repeat(125)}`,
  ]],
  ["2.5 ping of 126", clientFrame(ping, "p".repeat(126)), ["violated 1002"]],
  ["2.7 unsolicited pong", clientFrame(pong, "x"), ["pong"]],
  ["3.1 RSV 1", clientFrame(text, "a", { reserved: 0x40 }), ["violated 1002"]],
  [
    "3.2 RSV 2 after text",
    joined(
      clientFrame(text, "a"),
      clientFrame(text, "b", { reserved: 0x20 }),
      clientFrame(ping),
    ),
    ["text a", "violated 1002"],
  ],
  ["3.7 RSV on close", clientFrame(close, "", { reserved: 0x70 }), [
    "violated 1002",
  ]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    [`4 opcode ${opcode}`, clientFrame(opcode, "x"), ["violated 1002"]] as const
  ),
  ["5.1 fragmented ping", clientFrame(ping, "a", first), ["violated 1002"]],
  ["5.2 fragmented pong", clientFrame(pong, "a", first), ["violated 1002"]],
  [
    "5.3 two fragments",
    joined(
      clientFrame(text, "fragment1", first),
      clientFrame(continuation, "fragment2"),
    ),
    ["text fragment1fragment2"],
  ],
  [
    "5.6 ping between",
    joined(
      clientFrame(text, "a", first),
      clientFrame(ping, "p"),
      clientFrame(continuation, "b"),
    ),
    ["ping p", "text ab"],
  ],
  ["5.9 continuation without a beginning", clientFrame(continuation, "a"), [
    "violated 1002",
  ]],
  [
    "5.15 continuation after a whole message",
    joined(
      clientFrame(text, "a", first),
      clientFrame(continuation, "b"),
      clientFrame(continuation, "c"),
    ),
    ["text ab", "violated 1002"],
  ],
  [
    "5.18 text within text",
    joined(
      clientFrame(text, "a", first),
      clientFrame(text, "b"),
    ),
    ["violated 1002"],
  ],
  [
    "5.19 binary fragments, some empty",
    joined(
      clientFrame(binary, Uint8Array.of(1), first),
      clientFrame(continuation, "", first),
      clientFrame(continuation, Uint8Array.of(2, 3), first),
      clientFrame(continuation),
    ),
    ["binary 1,2,3"],
  ],
  [
    "6.1 empty fragments of text",
    joined(
      clientFrame(text, "", first),
      clientFrame(continuation, "", first),
      clientFrame(continuation),
    ),
    ["text "],
  ],
  [
    "6.2 a character over two fragments",
    joined(
      clientFrame(text, Uint8Array.of(0xce), first),
      clientFrame(continuation, Uint8Array.of(0xba)),
    ),
    ["text κ"],
  ],
  ["6.3 invalid UTF-8", clientFrame(text, Uint8Array.of(0xce, 0x41)), [
    "violated 1007",
  ]],
  [
    "6.4 invalid UTF-8 in the first fragment is told at once",
    joined(
      clientFrame(text, Uint8Array.of(0x61, 0xf4, 0x90), first),
      clientFrame(ping),
    ),
    ["violated 1007"],
  ],
  ["6.6 half a character", clientFrame(text, Uint8Array.of(0xf0, 0x9f)), [
    "violated 1007",
  ]],
  ["6.14 surrogate", clientFrame(text, Uint8Array.of(0xed, 0xa0, 0x80)), [
    "violated 1007",
  ]],
  [
    "6.22 byte order mark and non-characters",
    clientFrame(text, "\ufeff\uffff"),
    [
      "text \ufeff\uffff",
    ],
  ],
  [
    "7.1.3 nothing after a close",
    joined(
      clientFrame(close, Uint8Array.of(3, 232)),
      clientFrame(ping),
    ),
    ["close 1000 "],
  ],
  ["7.3.1 close without a code", clientFrame(close), ["close 1005 "]],
  ["7.3.2 close of one byte", clientFrame(close, "a"), ["violated 1002"]],
  [
    "7.3.4 close with a reason",
    clientFrame(
      close,
      Uint8Array.from([3, 232, ...encoder.encode("bye")]),
    ),
    ["close 1000 bye"],
  ],
  ["7.3.6 close of 126", clientFrame(close, new Uint8Array(126)), [
    "violated 1002",
  ]],
  [
    "7.5.1 reason that is not UTF-8",
    clientFrame(
      close,
      Uint8Array.of(3, 232, 0xce),
    ),
    ["violated 1007"],
  ],
  ["no mask", clientFrame(text, "a", { masked: false }), ["violated 1002"]],
  [
    "length in two bytes that one takes",
    clientFrame(text, "a", {
      length: [126, 0, 1],
    }),
    ["violated 1002"],
  ],
  [
    "length in eight bytes that two take",
    clientFrame(text, "a", {
      length: [127, 0, 0, 0, 0, 0, 0, 255, 255],
    }),
    ["violated 1002"],
  ],
  [
    "length of 2^63",
    clientFrame(text, "a", {
      length: [127, 128, 0, 0, 0, 0, 0, 0, 0],
    }),
    ["violated 1002"],
  ],
  [
    "length of 2^62",
    clientFrame(binary, "a", {
      length: [127, 64, 0, 0, 0, 0, 0, 0, 0],
    }),
    ["violated 1009"],
  ],
];

Deno.test("FrameReader accepts and refuses what the standard does, however the bytes come", () => {
  for (const [name, bytes, told] of CASES) {
    const pieces = bytes.length > 1000 ? [1000, 4096] : [1, 2, 3, 5, 7];
    for (const piece of [bytes.length, ...pieces]) {
      deepEqual(read(bytes, { piece }), told, `${name}, by ${piece}`);
    }
  }
});

Deno.test("isCloseCode() knows the codes that a frame may have", () => {
  const valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012];
  valid.push(1013, 1014, 3000, 3999, 4000, 4999);
  const invalid = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999];
  invalid.push(5000, 65_535);
  for (const code of valid) {
    equal(isCloseCode(code), true, `${code}`);
    deepEqual(read(clientFrame(close, Uint8Array.of(code >> 8, code & 255))), [
      `close ${code} `,
    ]);
  }
  for (const code of invalid) {
    equal(isCloseCode(code), false, `${code}`);
    deepEqual(read(clientFrame(close, Uint8Array.of(code >> 8, code & 255))), [
      "violated 1002",
    ]);
  }
});

Deno.test("FrameReader refuses a message beyond its limit at its header, whole or in fragments", () => {
  const options = { limit: 10 };
  deepEqual(read(clientFrame(text, "0123456789"), options), [
    "text 0123456789",
  ]);
  // Not a byte of the payload has come.
  deepEqual(read(clientFrame(text, "01234567890").subarray(0, 6), options), [
    "violated 1009",
  ]);
  deepEqual(
    read(
      joined(
        clientFrame(binary, "012345", first),
        clientFrame(continuation, "67890"),
      ),
      options,
    ),
    ["violated 1009"],
  );
  // The next message has a limit of its own.
  deepEqual(
    read(
      joined(clientFrame(text, "0123456789"), clientFrame(text, "01234")),
      options,
    ),
    ["text 0123456789", "text 01234"],
  );
});

Deno.test("FrameReader takes no more memory for many small fragments than for their bytes", () => {
  const one = clientFrame(continuation, Uint8Array.of(7), first);
  const bytes = joined(
    clientFrame(binary, Uint8Array.of(7), first),
    ...Array(5000).fill(one),
    clientFrame(continuation),
  );
  deepEqual(read(bytes), [`binary ${Array(5001).fill(7)}`]);
});

Deno.test("frames of the server have no mask and the shortest length", () => {
  deepEqual([...encodeText("Hello")], [0x81, 5, 72, 101, 108, 108, 111]);
  deepEqual([...encodeFrame(pong, Uint8Array.of(1))], [0x8a, 1, 1]);
  deepEqual([...encodeFrame(binary, new Uint8Array(126)).subarray(0, 4)], [
    0x82,
    126,
    0,
    126,
  ]);
  deepEqual([...encodeFrame(binary, new Uint8Array(65_536)).subarray(0, 10)], [
    0x82,
    127,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
  ]);
  deepEqual([...encodeClose(1001, "é")], [0x88, 4, 3, 233, 0xc3, 0xa9]);
  deepEqual([...encodeClose(undefined, "")], [0x88, 0]);
});
