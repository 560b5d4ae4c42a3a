/**
 * Escapes of values that become a part of HTML or XML, so that a value from a request is text there and never code.
 *
 * @module
 */

/** Content types that browsers read as markup, or guess the type of, beside all that end in `+xml`. */
const MARKUP: ReadonlySet<string> = new Set([
  "*/*",
  "application/unknown",
  "application/xml",
  "text/html",
  "text/xml",
  "text/xsl",
  "unknown/unknown",
]);

/** Returns true if a browser may read bodies of this content type as HTML or XML. */
export function isMarkup(contentType: string): boolean {
  const type = contentType.split(";", 1)[0].trim().toLowerCase();
  // Browsers guess the type of a body if the header names none.
  return MARKUP.has(type) || type.endsWith("+xml") ||
    !/^[^\s/]+\/[^\s/]+$/.test(type);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes a text for elements and quoted attributes of HTML and XML. */
export function escapeMarkup(text: string): string {
  return text.replaceAll(/[&<>"']/g, (mark) => ENTITIES[mark]);
}

/** Escapes JSON text so that it means the same and is safe within HTML and XML. */
export function escapeJson(text: string): string {
  return text.replaceAll(
    /[&<>']/g,
    (mark) => `\\u00${mark.charCodeAt(0).toString(16)}`,
  );
}
