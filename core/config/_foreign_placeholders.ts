/**
 * Placeholders of other tools, so that a message can name perfmock's: `{{request.query.q}}` of WireMock and `{{queryParam 'q'}}` of
 * Mockoon are `{{query.q}}`.
 *
 * @module
 */

/** Forms of other tools and perfmock's own, in which `$1` is the name. */
const FORMS: readonly (readonly [form: RegExp, own: string])[] = [
  [/^(?:request\.)?(?:query|queryParams?|params\.query)\.(\S+)$/, "query.$1"],
  [/^(?:request\.)?headers?\.(\S+)$/, "header.$1"],
  [/^(?:request\.)?cook(?:ies|ie|y)\.(\S+)$/, "cookie.$1"],
  [/^(?:request\.)?(?:path|pathParams?|params|urlParams?)\.(\S+)$/, "path.$1"],
  [/^(?:request\.)?body\.(\S+)$/, "body.$1"],
  [/^request\.body$/, "body"],
  [/^jsonPath\s+request\.body\s+['"]\$\.?(\S*)['"]$/, "body.$1"],
  [/^queryParam(?:Raw)?\s+['"](\S+)['"].*$/, "query.$1"],
  [/^urlParam\s+['"](\S+)['"].*$/, "path.$1"],
  [/^header\s+['"](\S+)['"].*$/, "header.$1"],
  [/^cookie\s+['"](\S+)['"].*$/, "cookie.$1"],
  [/^body(?:Raw)?\s+['"](\S+)['"].*$/, "body.$1"],
  [/^body(?:Raw)?$/, "body"],
  [/^(?:\$?guid|\$?randomUUID|faker .*uuid.*|randomValue .*UUID.*)$/i, "uuid"],
  [/^(?:\$?timestamp|unixTime|epoch)$/i, "now.seconds"],
  [/^(?:\$?isoTimestamp|date|datetime|now\s.*)$/i, "now"],
  [/^@?(?:index|i)$/i, "index"],
  [/^(?:total|length)$/i, "count"],
];

/** Returns perfmock's name of a placeholder of another tool; undefined if it is none. */
export function foreignPlaceholder(written: string): string | undefined {
  for (const [form, own] of FORMS) {
    if (form.test(written)) {
      return written.replace(form, own).replace(/\.$/, "");
    }
  }
  return undefined;
}
