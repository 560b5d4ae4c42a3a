/**
 * Settings of what changes from request to request: whose requests are counted together, and the end of the list.
 *
 * @module
 */
import { z } from "zod";
import { worded } from "./worded.ts";

/** Counting of requests as users write it. */
export interface TurnsInput {
  /**
   * Requests that are counted together: all of the route ("sequence", the default; "session" is the same, since each session counts
   * by itself), or those with the same value of a header, a cookie, a path parameter or a query parameter, such as "path:id".
   */
  readonly per?: string;
  /** Entry of the requests after the last entry: that one again ("hold", the default), or the first again ("repeat"). */
  readonly end?: "hold" | "repeat";
}

/** Value by which requests are counted. */
export interface TurnKey {
  /** Part of the request. */
  readonly from: "header" | "cookie" | "path" | "query";
  /** Name of the value. */
  readonly name: string;
}

/** Counting of requests, parsed. */
export interface TurnsSettings {
  /** Value by which they are counted; undefined for all of the route. */
  readonly per: TurnKey | undefined;
  /** True to begin again after the last entry of a list. */
  readonly repeats: boolean;
}

/** Counting of a route that sets nothing. */
export const ALL_IN_TURN: TurnsSettings = { per: undefined, repeats: false };

/** Type of `turns`. */
export const TURNS: z.ZodType<TurnsSettings> = z.strictObject(worded({
  per: z.string().regex(
    /^(?:sequence|session|(?:header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+|(?:path|query):\S+)$/,
    {
      error:
        'Not a key of turns: "sequence", "session", or "header:", "cookie:", "path:" or "query:" and a name, such as "header:Idempotency-Key"',
    },
  ).default("sequence"),
  end: z.enum(["hold", "repeat"]).default("hold"),
}, {
  per:
    'Requests that are counted together: all of the route ("sequence", and "session", since each session counts by itself), or those with the same value of "header:NAME", "cookie:NAME", "path:NAME" or "query:NAME"',
  end:
    "Entry after the last one: that one again (hold), or the first again (repeat)",
})).transform(({ per, end }): TurnsSettings => {
  const [, from, name] = /^([a-z]+):(.*)$/.exec(per) ?? [];
  return {
    per: from === undefined
      ? undefined
      : { from: from as TurnKey["from"], name },
    repeats: end === "repeat",
  };
});
