/**
 * The format that a scrape asks for in its `Accept` header.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-accept
 * @module
 */

/** Format of a scrape's answer. */
export type ScrapeFormat = "protobuf" | "openmetrics" | "text";

/** A format as `Accept` names it. */
interface Offer {
  /** Type and subtype. */
  readonly media: string;
  /** Parameters that a range may name; another value of one of them means another format. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Parameters that a range must name. */
  readonly required: readonly string[];
}

const TEXT: Offer = {
  media: "text/plain",
  parameters: { version: "0.0.4" },
  required: [],
};
const OPEN_METRICS: Offer = {
  media: "application/openmetrics-text",
  parameters: { version: "1.0.0" },
  required: [],
};
const PROTOBUF: Offer = {
  media: "application/vnd.google.protobuf",
  parameters: {
    proto: "io.prometheus.client.metricfamily",
    encoding: "delimited",
  },
  required: ["proto", "encoding"],
};

/** Preference for a format. */
interface Preference {
  /** The weight `q`, 0 to 1; 0 if no media range matches the format. */
  readonly quality: number;
  /** Precedence of the matching range: 0 for none, 1 for any type, 2 for any subtype, 3 for the format by name. */
  readonly specificity: number;
}

/**
 * Returns the format that a scrape prefers. Protocol buffers and OpenMetrics have to be asked for by name; of two that are preferred
 * equally, the richer one is taken. A client that accepts anything gets the text format, which is easiest to read, and so does a client
 * that accepts none of them: an answer in another format is more useful than a 406.
 *
 * @param accept value of the header; null if absent
 */
export function formatFor(accept: string | null): ScrapeFormat {
  if (accept === null) return "text";
  const ranges = accept.toLowerCase().split(",").map(parseRange);
  const open = named(OPEN_METRICS, ranges);
  const text = preferenceFor(TEXT, ranges).quality;
  const protobuf = named(PROTOBUF, ranges);
  if (protobuf > 0 && protobuf >= open && protobuf >= text) return "protobuf";
  return open > 0 && open >= text ? "openmetrics" : "text";
}

/** Weight of a format that has to be asked for by name; 0 if it is not. */
function named(offer: Offer, ranges: readonly Range[]): number {
  const { quality, specificity } = preferenceFor(offer, ranges);
  return specificity === 3 ? quality : 0;
}

/** A media range. */
interface Range {
  readonly media: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function parseRange(written: string): Range {
  const [media, ...rest] = written.split(";").map((part) => part.trim());
  const parameters = new Map(
    rest.map((parameter) => {
      const [name, value = ""] = parameter.split("=");
      return [name.trim(), value.trim().replace(/^"(.*)"$/, "$1")];
    }),
  );
  const quality = Number(parameters.get("q") ?? 1);
  return {
    media,
    parameters,
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

function specificityOf(
  { media, parameters, required }: Offer,
  range: Range,
): Preference["specificity"] {
  if (range.media === "*/*") return 1;
  if (range.media === `${media.split("/")[0]}/*`) return 2;
  if (range.media !== media) return 0;
  const same = Object.entries(parameters).every(([name, value]) => {
    const wanted = range.parameters.get(name) ?? "";
    return wanted === value || wanted === "" && !required.includes(name);
  });
  return same ? 3 : 0;
}
