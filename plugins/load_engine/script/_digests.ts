/**
 * Digests of what the shares of one run have in common.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Distribution } from "../../../core/plugin.ts";
import type { Scenario, ScriptDigests } from "./script.ts";

/** Number of hexadecimal digits of a digest. */
const DIGITS = 16;

/** Number of parts between the probabilities at which distributions are compared. */
const PARTS = 64;

/** Digits of the numbers that are compared: the last ones may differ between processors. */
const PRECISION = 9;

/**
 * Returns the digests of a script.
 *
 * @param written the script as written, without its seed and target
 * @param files absolute paths of the files to read; none of a script that is not divided, or whose files are left unread
 */
export async function digestsOf(
  written: unknown,
  { files, scenarios }: {
    readonly files: Iterable<string>;
    readonly scenarios: readonly Scenario[];
  },
): Promise<ScriptDigests> {
  const contents: string[] = [];
  for (const file of files) contents.push(await digestOfFile(file));
  return {
    script: digestOf(JSON.stringify(written)),
    files: contents.length === 0 ? "" : digestOf(contents.join()),
    draws: Object.fromEntries(
      scenarios.flatMap((scenario) =>
        "think" in scenario && scenario.think !== undefined
          ? [[scenario.name, digestOf(shapeOf(scenario.think))]]
          : []
      ),
    ),
  };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, DIGITS);
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return hash.digest("hex");
}

/** The moments of a distribution, and its values at probabilities that lie close to one another where it has a quantile function. */
function shapeOf(distribution: Distribution): string {
  const { family, mean, standardDeviation } = distribution;
  const quantiles = Array.from(
    { length: distribution.quantile === undefined ? 0 : PARTS },
    (_, part) => distribution.quantile?.((part + 0.5) / PARTS) ?? NaN,
  );
  return [
    family,
    ...[mean, standardDeviation, ...quantiles].map((value) =>
      value.toPrecision(PRECISION)
    ),
  ].join();
}
