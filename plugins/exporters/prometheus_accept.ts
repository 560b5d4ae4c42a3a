/**
 * Which text format a scrape gets.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 * @module
 */

/** One of the formats, as `Accept` names it. */
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

/** How much a format is wanted, and how plainly it was named: 0 is by no range, 3 by its own name. */
interface Wish {
  readonly quality: number;
  readonly plainness: number;
}

/**
 * Whether OpenMetrics is wanted rather than the text format. It has to be named: who takes anything gets what a person can
 * read, as does who names neither, since a scrape that is refused tells less than one in another format.
 *
 * @param accept the header's value; null where absent
 */
export function wantsOpenMetrics(accept: string | null): boolean {
  if (accept === null) return false;
  const ranges = accept.toLowerCase().split(",").map(parseRange);
  const open = wishFor(OPEN_METRICS, ranges);
  const text = wishFor(TEXT, ranges);
  return open.plainness === 3 && open.quality > 0 &&
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

/** The most plainly named range that takes an offer decides, as RFC 9110 has it. */
function wishFor(offer: Offer, ranges: readonly Range[]): Wish {
  let wish: Wish = { quality: 0, plainness: 0 };
  for (const range of ranges) {
    const plainness = plainnessOf(offer, range);
    const better = plainness > wish.plainness ||
      plainness === wish.plainness && range.quality > wish.quality;
    if (plainness > 0 && better) wish = { quality: range.quality, plainness };
  }
  return wish;
}

function plainnessOf(offer: Offer, range: Range): Wish["plainness"] {
  if (range.type === "*" && range.subtype === "*") return 1;
  if (range.type !== offer.type) return 0;
  if (range.subtype === "*") return 2;
  const same = range.subtype === offer.subtype &&
    (range.version === "" || range.version === offer.version);
  return same ? 3 : 0;
}
