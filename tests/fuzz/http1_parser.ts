/**
 * `deno task fuzz:parser [--count N] [--seed N]`: sends mutated requests, 1 000 000 by default, to perfmock's parser and to that of
 * the `node` on the path, and prints how often they disagree and why. Fails if a disagreement is of no known kind.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fuzz } from "./_run.ts";

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      count: { type: "string", default: "1000000" },
      seed: { type: "string", default: "42" },
    },
  });
  const { agreed, accepted, counts, unknown } = await fuzz(
    Number(values.count),
    Number(values.seed),
  );
  print(`agreed: ${agreed}, with a request accepted: ${accepted}`);
  for (const [{ name, perfmock, node }, count] of counts) {
    print(
      `${
        String(count).padStart(8)
      }  ${name}: perfmock ${perfmock}, Node ${node}`,
    );
  }
  for (const { text, one } of unknown) {
    print(
      `unknown: ${one.what}, perfmock ${one.perfmock}, Node ${one.node}: ${
        JSON.stringify(text)
      }`,
    );
  }
  print(`disagreements of no known kind: ${unknown.length}`);
  return unknown.length === 0 ? 0 : 1;
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
