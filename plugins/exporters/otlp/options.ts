import type { Kit, KitType } from "../../../core/plugin.ts";

/** Where OTLP requests go. */
export interface OtlpOptions {
  /** The URL that metrics are posted to, its path included. */
  readonly endpoint: string;
  /** From one request to the next, in milliseconds. */
  readonly interval: number;
  /** How long they may take, in milliseconds. */
  readonly timeout: number;
  /** Further request headers, such as an access key. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether figures count from the exporter's start: they do. */
  readonly temporality: "cumulative";
}

/**
 * The schema of the options.
 *
 * @param kit gives the types
 */
export function otlpSchema(kit: Kit): KitType<OtlpOptions> {
  const { z } = kit;
  return z.strictObject({
    endpoint: z.string().refine(
      isEndpoint,
      `The endpoint must be a URL such as "http://127.0.0.1:4318/v1/metrics", http or https, without name and password`,
    ),
    interval: kit.duration({ min: 100, max: 3_600_000 }).default(10_000),
    timeout: kit.duration({ min: 10, max: 3_600_000 }).default(10_000),
    headers: z.record(
      z.string().refine(isHeaderName, "The name of a header is not valid"),
      z.string().refine(
        isHeaderValue,
        "The value of a header must be text of one line in Latin-1",
      ),
    ).default({}),
    temporality: z.literal("cumulative").default("cumulative"),
  });
}

function isEndpoint(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, username, password } = new URL(written);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}

function isHeaderName(name: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(name);
}

function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}
