import type { z } from "zod";

/** Reports times that decrease, and a first one that is not 0 where it has to be. */
export function checkTimes(
  { firstAtZero }: { readonly firstAtZero: boolean },
): (payload: z.core.ParsePayload<readonly { readonly at: number }[]>) => void {
  return ({ value, issues }) => {
    for (const [i, { at }] of value.entries()) {
      const message = i > 0 && at < value[i - 1].at
        ? `Times must not decrease, but ${at} ms comes after ${
          value[i - 1].at
        } ms`
        : i === 0 && at !== 0 && firstAtZero
        ? "The first must be at 0: nothing else says what the value is until then"
        : undefined;
      if (message === undefined) continue;
      issues.push({
        code: "custom",
        path: [i, "at"],
        message,
        input: at,
        params: {
          allowed: i === 0 ? "0" : `at least ${value[i - 1].at} ms`,
        },
      });
    }
  };
}
