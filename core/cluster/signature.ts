/**
 * Signatures of the entries in the register. Replicas send one another the token of the control API, so whoever can write to the register
 * must not have it sent to an address of his own.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { ReplicaEntry } from "./store.ts";

/** Signs and verifies entries. */
export class EntrySignatures {
  readonly #token: () => string | null;
  readonly #place: string;

  /**
   * @param token returns the token of the control API; null if there is none, and so nothing to protect
   * @param place name of the register: an entry of another register with the same token does not count
   */
  constructor(token: () => string | null, place: string) {
    this.#token = token;
    this.#place = place;
  }

  /** Returns the signature of an entry: an HMAC of what others rely on, or nothing without a token. */
  sign(
    { name, process, segment, url, version }: ReplicaEntry,
  ): string {
    const token = this.#token();
    if (token === null) return "";
    return createHmac("sha256", token).update(
      JSON.stringify([
        "perfmock replica",
        this.#place,
        name,
        process,
        url,
        segment,
        version,
      ]),
    ).digest("hex");
  }

  /** Returns true for an entry that somebody with the same token has made. */
  holds(entry: ReplicaEntry): boolean {
    const expected = new TextEncoder().encode(this.sign(entry));
    // Others may have written anything to the register.
    const given = new TextEncoder().encode(String(entry.signature ?? ""));
    return given.length === expected.length &&
      timingSafeEqual(given, expected);
  }
}
