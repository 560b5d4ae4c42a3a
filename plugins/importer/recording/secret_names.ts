/**
 * Names of what a recording must not contain: headers, parameters of queries, and fields of bodies whose values are secrets.
 *
 * @module
 */

/** Places in which a name stands. */
export type NamePlace = "field" | "header" | "query";

/** Whole names, in lower case without separators. */
const WHOLE: ReadonlySet<string> = new Set([
  "assertion",
  "auth",
  "cardnumber",
  "cookie",
  "csrf",
  "cvc",
  "cvc2",
  "cvv",
  "cvv2",
  "iban",
  "jwt",
  "otp",
  "pan",
  "pass",
  "pin",
  "pwd",
  "samlrequest",
  "samlresponse",
  "session",
  "sessionkey",
  "setcookie",
  "sid",
  "sig",
  "signature",
  "ssn",
  "totp",
  "xsrf",
]);

/** Whole names of parameters of queries, in addition. */
const IN_QUERY: ReadonlySet<string> = new Set(["code", "key", "ticket"]);

/** Parts of names. */
const PARTS: readonly RegExp[] = [
  /passw(?:or)?d|passphrase|passcode/,
  /secret(?!ar)/,
  /api(?:access)?key|accesskey|privatekey|signingkey|encryptionkey/,
  /authorization|credential|bearer/,
  /creditcard|cardnumber|ccnumber|cardno$/,
  /socialsecurity|^ssn|ssn$/,
  // Not "tokens", which language models count.
  /token$|tokenvalue$/,
  /session_?id$|sessid$/,
  /signature$/,
];

/** Parts of names of headers, in addition. */
const IN_HEADERS: readonly RegExp[] = [
  /cookie/,
  /auth(?!enticate$|enticationinfo$)/,
  /token/,
  /csrf|xsrf/,
];

/** Tells which names belong to secrets. */
export class SecretNames {
  readonly #kept: ReadonlySet<string>;
  readonly #removed: ReadonlySet<string>;

  /**
   * @param kept names whose values are kept although they look like secrets
   * @param removed names whose values are removed although they do not
   */
  constructor(kept: readonly string[] = [], removed: readonly string[] = []) {
    this.#kept = new Set(kept.map(plain));
    this.#removed = new Set(removed.map(plain));
  }

  /** Returns whether the value that belongs to a name is a secret. */
  has(name: string, place: NamePlace): boolean {
    const word = plain(name);
    if (word === "" || this.#kept.has(word)) return false;
    return this.#removed.has(word) || WHOLE.has(word) ||
      PARTS.some((part) => part.test(word)) ||
      place === "query" && IN_QUERY.has(word) ||
      place === "header" && IN_HEADERS.some((part) => part.test(word));
  }

  /** Returns whether a user has named it as one that is kept. */
  keeps(name: string): boolean {
    return this.#kept.has(plain(name));
  }
}

/** Name in lower case without separators: `X-Api-Key` and `x_api_key` are `xapikey`. */
function plain(name: string): string {
  return name.slice(0, 256).toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");
}
