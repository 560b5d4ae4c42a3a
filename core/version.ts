/**
 * Version of this package.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };

/** Version of this package, from deno.json. */
export const VERSION: string = config.version;
