/**
 * The options of the plugin.
 *
 * @module
 */
import type { Kit, KitType } from "../../core/plugin.ts";

/** The options of `load_engine`. */
export interface LoadEngineOptions {
  /** The origins beyond this machine that load may be sent to, such as `https://staging.example.com`. */
  readonly targets: readonly string[];
}

/** Their schema. */
export function optionsSchema(kit: Kit): KitType<LoadEngineOptions> {
  const { z } = kit;
  const origin = z.string().refine(
    (text) => {
      const url = URL.parse(text);
      return url !== null && ["http:", "https:"].includes(url.protocol) &&
        url.pathname === "/" && url.search === "" && url.hash === "" &&
        url.username === "" && url.password === "";
    },
    {
      error: "A target is the origin of a server",
      params: { allowed: "scheme, host and port: https://staging.example.com" },
    },
  ).transform((text) => new URL(text).origin);
  const type = z.strictObject({ targets: z.array(origin).default([]) });
  // The one cast: TypeScript cannot see that a pipe of zod's is what its alias in the contract says.
  return type as unknown as KitType<LoadEngineOptions>;
}
