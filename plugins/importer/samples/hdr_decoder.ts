/**
 * Decodes the histograms of HdrHistogram.
 *
 * @module
 */
import { inflateSync } from "node:zlib";

/** Count of the values between two numbers. */
export interface RawCount {
  /** Lowest value, included. */
  readonly low: number;
  /** Upper end, not included. */
  readonly high: number;
  /** Number of values. */
  readonly count: number;
}

/**
 * Decodes a compressed histogram.
 *
 * @param base64 histogram in base64
 * @throws Error if it cannot be decoded
 */
export type Decoder = (base64: string) => readonly RawCount[];

/** Lowest bits of the cookie that tell the versions apart. */
const VERSION_1_COMPRESSED = 0x1c849302;
const VERSION_1 = 0x1c849301;
const VERSION_2_COMPRESSED = 0x1c849304;
/** Bits of the cookie that hold the size of a count, in bytes. */
const WORD = 0xf0;

/** Returns a decoder; loads hdr-histogram-js. */
export async function decoderOf(): Promise<Decoder> {
  const { decodeFromCompressedBase64, JsHistogram } = await import(
    "hdr-histogram-js"
  );
  return (base64) => {
    const bytes = bytesOf(base64);
    const cookie = new DataView(bytes.buffer).getInt32(0) & ~WORD;
    if (cookie === VERSION_1_COMPRESSED) return decodeFirst(bytes);
    if (cookie !== VERSION_2_COMPRESSED) {
      throw new Error("its version is neither 1 nor 2");
    }
    const histogram = decodeFromCompressedBase64(base64, 64);
    if (!(histogram instanceof JsHistogram)) {
      throw new Error("hdr-histogram-js does not list its counts");
    }
    const counts: RawCount[] = [];
    const { recordedValuesIterator: values } = histogram;
    values.reset();
    while (values.hasNext()) {
      const { valueIteratedTo, countAtValueIteratedTo } = values.next();
      counts.push({
        low: histogram.lowestEquivalentValue(valueIteratedTo),
        high: histogram.nextNonEquivalentValue(valueIteratedTo),
        count: countAtValueIteratedTo,
      });
    }
    return counts;
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(
    atob(base64),
    (character) => character.charCodeAt(0),
  );
  if (bytes.length < 8) throw new Error("it is too short");
  return bytes;
}

/** Length of the header of version 1, in bytes. */
const HEADER = 40;

/**
 * Decodes a histogram of version 1: a header, and the counts of all buckets as whole numbers of equal size.
 *
 * Source: HdrHistogram 2.1, AbstractHistogram.decodeFromByteBuffer().
 */
function decodeFirst(compressed: Uint8Array<ArrayBuffer>): readonly RawCount[] {
  const bytes = Uint8Array.from(inflateSync(compressed.subarray(8)));
  if (bytes.length < HEADER) throw new Error("its header is too short");
  const view = new DataView(bytes.buffer);
  const cookie = view.getInt32(0);
  if ((cookie & ~WORD) !== VERSION_1) throw new Error("its version is unknown");
  const word = (cookie & WORD) >> 4 & 0xe;
  const payload = view.getInt32(4);
  const offset = view.getInt32(8);
  const digits = view.getInt32(12);
  const lowest = Number(view.getBigInt64(16));
  if (
    ![2, 4, 8].includes(word) || offset !== 0 ||
    !(digits >= 0 && digits <= 5) ||
    !(lowest >= 1) || payload < 0 || HEADER + payload > bytes.length
  ) throw new Error("its header is wrong");
  const unit = Math.floor(Math.log2(lowest));
  const halfMagnitude = Math.max(1, Math.ceil(Math.log2(2 * 10 ** digits))) - 1;
  const half = 2 ** halfMagnitude;
  const counts: RawCount[] = [];
  for (let i = 0; i < Math.floor(payload / word); i++) {
    const at = HEADER + i * word;
    const count = word === 2
      ? view.getInt16(at)
      : word === 4
      ? view.getInt32(at)
      : Number(view.getBigInt64(at));
    if (count < 0) throw new Error("it has a negative count");
    if (count === 0) continue;
    // The first two halves of the buckets have the same width; each later half is twice as wide as the one before.
    const bucket = Math.max(0, Math.floor(i / half) - 1);
    const sub = i < 2 * half ? i : half + i % half;
    const width = 2 ** (bucket + unit);
    counts.push({ low: sub * width, high: (sub + 1) * width, count });
  }
  return counts;
}
