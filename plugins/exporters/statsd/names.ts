const encoder = new TextEncoder();

/**
 * A name that holds its labels: `name.label.value.label.value`. Two sets of label values never share one.
 *
 * @param name the metric's
 * @param labels the names of its labels
 * @param values their values, in the same order
 */
export function plainName(
  name: string,
  labels: readonly string[],
  values: readonly string[],
): string {
  return labels.reduce(
    (whole, label, index) => `${whole}.${label}.${escapePlain(values[index])}`,
    name,
  );
}

/**
 * Labels as DogStatsD's tags, with what stands before them: `|#label:value,label:value`; empty where there are none. What
 * would end a tag, a line or a packet is percent-encoded.
 *
 * @param labels the names of the labels
 * @param values their values, in the same order
 */
export function dogstatsdTags(
  labels: readonly string[],
  values: readonly string[],
): string {
  if (labels.length === 0) return "";
  return `|#${
    labels.map((label, index) => `${label}:${escapeTag(values[index])}`)
      .join(",")
  }`;
}

/** Letters, digits and `-` stay; StatsD daemons drop or replace most others, and a dot begins a new part of the name. */
function escapePlain(value: string): string {
  if (value === "") return "_";
  return value.replace(
    /[^A-Za-z0-9-]/gu,
    (character) => character === "_" ? "__" : hexadecimal(character, "_"),
  );
}

function escapeTag(value: string): string {
  return value.replace(
    /[\p{Cc}%,|#]/gu,
    (character) => hexadecimal(character, "%"),
  );
}

function hexadecimal(character: string, mark: string): string {
  return Array.from(
    encoder.encode(character),
    (byte) => mark + byte.toString(16).padStart(2, "0"),
  ).join("");
}
