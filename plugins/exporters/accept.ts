/**
 * The text format that a scrape asks for in its `Accept` header.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 * @module
 */

/** One of the two formats, as `Accept` names it. */
interface Offer {
  readonly type: string;
  readonly subtype: string;
  readonly version: string;
}

const TEXT: Offer = { type: "text", subtype: "plain", version: "0.0.4" };
const OPEN_METRICS: Offer = {
  type: "application",
  subtype: "openmetrics-text",
  version: "1.0.0",
};

/** Preference for a format. */
interface Preference {
  /** The weight `q`, 0 to 1; 0 if no media range matches the format. */
  readonly quality: number;
  /** Precedence of the matching range: 0 for none, 1 for any type, 2 for any subtype, 3 for the format by name. */
  readonly specificity: number;
}

/**
 * Returns true if OpenMetrics is preferred to the text format. OpenMetrics has to be asked for by name. A client that accepts
 * anything gets the format that is easier to read, and so does a client that accepts neither: an answer in another format is
 * more useful than a 406.
 *
 * @param accept value of the header; null if absent
 */
export function wantsOpenMetrics(accept: string | null): boolean {
  if (accept === null) return false;
  const ranges = accept.toLowerCase().split(",").map(parseRange);
  const open = preferenceFor(OPEN_METRICS, ranges);
  const text = preferenceFor(TEXT, ranges);
  return open.specificity === 3 && open.quality > 0 &&
    open.quality >= text.quality;
}

/** A media range. */
interface Range extends Offer {
  readonly quality: number;
}

function parseRange(written: string): Range {
  const [media, ...parameters] = written.split(";").map((part) => part.trim());
  const [type = "", subtype = ""] = media.split("/");
  const values = new Map(
    parameters.map((parameter) => {
      const [name, value = ""] = parameter.split("=");
      return [name.trim(), value.trim().replace(/^"(.*)"$/, "$1")];
    }),
  );
  const quality = Number(values.get("q") ?? 1);
  return {
    type,
    subtype,
    version: values.get("version") ?? "",
    quality: quality >= 0 && quality <= 1 ? quality : 0,
  };
}

/** The most specific range that matches decides, as RFC 9110 requires. */
function preferenceFor(offer: Offer, ranges: readonly Range[]): Preference {
  let preference: Preference = { quality: 0, specificity: 0 };
  for (const range of ranges) {
    const specificity = specificityOf(offer, range);
    const better = specificity > preference.specificity ||
      specificity === preference.specificity &&
        range.quality > preference.quality;
    if (specificity > 0 && better) {
      preference = { quality: range.quality, specificity };
    }
  }
  return preference;
}

function specificityOf(offer: Offer, range: Range): Preference["specificity"] {
  if (range.type === "*" && range.subtype === "*") return 1;
  if (range.type !== offer.type) return 0;
  if (range.subtype === "*") return 2;
  const same = range.subtype === offer.subtype &&
    (range.version === "" || range.version === offer.version);
  return same ? 3 : 0;
}
