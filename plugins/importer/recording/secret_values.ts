/**
 * Secrets that are recognised by their form, wherever they stand, and values that were seen as secrets before and come back elsewhere.
 *
 * @module
 */

/** Word that stands in the place of a secret. */
export const REMOVED = "removed";

/** A form of secrets. */
interface Form {
  readonly name: string;
  readonly pattern: RegExp;
  /** Returns whether a match is one; default always. */
  readonly holds?: (match: string) => boolean;
  /** Returns the text in its place. Default {@linkcode REMOVED}. */
  readonly replaced?: (match: string) => string;
}

/** Forms. Each part has a bounded length, so that no text takes long. */
const FORMS: readonly Form[] = [
  {
    name: "JSON Web Tokens",
    pattern: /\beyJ[\w-]{5,8192}\.[\w-]{2,16384}(?:\.[\w-]{0,8192})?/g,
  },
  {
    name: "credentials after Bearer or Basic",
    pattern: /\b(?:Bearer|Basic)(?: |%20|\+)[\w.~+/=%-]{8,8192}/gi,
    replaced: (match) => match.replace(/(?: |%20|\+).*$/s, ` ${REMOVED}`),
  },
  { name: "keys of AWS", pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  {
    name: "tokens of GitHub",
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255})/g,
  },
  { name: "tokens of Slack", pattern: /\bxox[abeprs]-[\w-]{10,255}/g },
  {
    name: "keys of Stripe",
    pattern: /\b[prs]k_(?:live|test)_[A-Za-z0-9]{10,255}/g,
  },
  { name: "keys of Google", pattern: /\bAIza[\w-]{35}/g },
  {
    name: "private keys",
    pattern:
      /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]{0,16384}?-----END [A-Z ]{0,32}PRIVATE KEY-----/g,
  },
  {
    name: "card numbers",
    pattern: /(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.])/g,
    holds: isCard,
  },
  {
    name: "social security numbers",
    pattern: /(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])/g,
  },
  {
    name: "passwords in URLs",
    pattern: /\/\/[^\s/@:"'<>]{1,256}:[^\s/@"'<>]{1,256}@/g,
    replaced: () => `//${REMOVED}@`,
  },
];

/** Leading digits and lengths of the usual cards. */
const CARDS =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(?:011|5\d\d)\d{12})$/;

/** Returns whether digits are the number of a card: a known beginning, and Luhn's check digit. */
function isCard(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, "");
  if (!CARDS.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 0 ? digit : 2 * digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Removes secrets that show by their form.
 *
 * @param found receives the name of the form of each
 */
export function withoutForms(
  text: string,
  found: (form: string) => void,
): string {
  let result = text;
  for (const { name, pattern, holds, replaced } of FORMS) {
    result = result.replaceAll(pattern, (match) => {
      if (holds?.(match) === false) return match;
      const other = replaced?.(match) ?? REMOVED;
      if (other !== match) found(name);
      return other;
    });
  }
  return result;
}

/** Greatest number of values that are remembered. */
const MOST_KNOWN = 200;

/** Least length of a value that is looked for elsewhere: a short one would be found in ordinary words. */
const SHORTEST = 8;

/** Greatest length of a value that is looked for elsewhere. */
const LONGEST = 8192;

/** Values that were removed, so that an answer that repeats one, under whatever name, does not give it away. The latest are remembered. */
export class KnownSecrets {
  /** Forms in which each may be written, the oldest value first. */
  readonly #written = new Map<string, readonly string[]>();

  /** Remembers a value, unless it looks like an ordinary word. */
  remember(value: string): void {
    if (value.length < SHORTEST || value.length > LONGEST) return;
    // Words such as "dark-mode" are values of cookies, too, and stand everywhere.
    if (!/\d/.test(value) && value.length < 2 * SHORTEST) return;
    if (!/[^\d.,:-]/.test(value) && value.length < 2 * SHORTEST) return;
    const known = this.#written.get(value);
    this.#written.delete(value);
    this.#written.set(value, known ?? formsOf(value));
    if (this.#written.size <= MOST_KNOWN) return;
    for (const oldest of this.#written.keys()) {
      this.#written.delete(oldest);
      break;
    }
  }

  /**
   * Removes the values that are known, as they are and encoded.
   *
   * @param found called for each value that was found
   */
  removeFrom(text: string, found: () => void): string {
    let result = text;
    for (const forms of this.#written.values()) {
      for (const form of forms) {
        if (form.length > result.length || !result.includes(form)) continue;
        result = result.replaceAll(form, REMOVED);
        found();
      }
    }
    return result;
  }
}

/** A value as it may be written: plain, escaped in JSON, HTML or a URL, in Base64, in hexadecimal. Longer forms come first. */
function formsOf(value: string): readonly string[] {
  const bytes = new TextEncoder().encode(value);
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  const url = encodeURIComponent(value.toWellFormed());
  const forms = new Set([
    value,
    JSON.stringify(value).slice(1, -1),
    url,
    url.replaceAll("%20", "+"),
    value.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    hex,
    hex.toUpperCase(),
  ]);
  return [...forms].sort((a, b) => b.length - a.length);
}
