import type { Kit, KitType } from "../../../core/plugin.ts";

/** Where StatsD lines go, and how they are written. */
export interface StatsdOptions {
  /** Host and port of the receiver. */
  readonly address: StatsdAddress;
  /** Whether labels are tags or part of the name. */
  readonly format: "dogstatsd" | "plain";
  /** From one flush to the next, in milliseconds. */
  readonly interval: number;
  /** Stands before each name, with a dot; empty for none. */
  readonly prefix: string;
}

/** A host and a port. */
export interface StatsdAddress {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** 1…65535. */
  readonly port: number;
}

/** `host:port`, `[IPv6]:port`. */
const ADDRESS = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+)):(\d{1,5})$/;

/**
 * The schema of the options.
 *
 * @param kit gives the types
 */
export function statsdSchema(kit: Kit): KitType<StatsdOptions> {
  const { z } = kit;
  return z.strictObject({
    address: z.string().transform((written, context): StatsdAddress => {
      const [, ipv6, name, digits] = ADDRESS.exec(written) ?? [];
      const port = Number(digits);
      if (port >= 1 && port <= 65535) return { host: ipv6 ?? name, port };
      context.issues.push({
        code: "custom",
        input: written,
        message:
          `The address must be a host and a port such as "127.0.0.1:8125" or "[::1]:8125"`,
      });
      return z.NEVER;
    }),
    format: z.enum(["dogstatsd", "plain"]).default("dogstatsd"),
    interval: kit.duration({ min: 100, max: 3_600_000 }).default(10_000),
    prefix: z.string().regex(
      /^(?:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)?$/,
      "The prefix must be made of letters, digits, _ and -, with dots in between",
    ).default(""),
  });
}
