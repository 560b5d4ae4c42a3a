import { deepEqual, equal, match } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { busyServer } from "../support/monitoring.ts";
import { MONITORING } from "./_prometheus.ts";
import { required, run } from "./_software.ts";

/** Runs promtool on a shipped file. */
function promtool(words: readonly string[], file: string) {
  return run(
    "promtool",
    [...words, fileURLToPath(new URL(file, MONITORING))],
    "",
  );
}

Deno.test("promtool finds nothing to correct in a live scrape", {
  ignore: !required,
}, async () => {
  await using server = await busyServer();
  const scrape = await (await fetch(new URL("/metrics", server.url))).text();
  deepEqual(await run("promtool", ["check", "metrics"], scrape), {
    code: 0,
    output: "",
  });
});

Deno.test("promtool accepts the shipped scrape configuration and rules", {
  ignore: !required,
}, async () => {
  const config = await promtool(["check", "config"], "prometheus.yml");
  equal(config.code, 0, config.output);
  const rules = await promtool(["check", "rules"], "rules.yml");
  equal(rules.code, 0, rules.output);
  match(rules.output, /SUCCESS: \d+ rules found/);
});

Deno.test(
  "promtool confirms that each shipped alert fires when it should, and only then",
  {
    ignore: !required,
  },
  async () => {
    const { code, output } = await promtool(
      ["test", "rules"],
      "rules_test.yml",
    );
    equal(code, 0, output);
    match(output, /SUCCESS/);
  },
);
