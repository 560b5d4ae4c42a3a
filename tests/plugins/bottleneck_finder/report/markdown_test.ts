import { equal, match, ok } from "node:assert/strict";
import {
  findMarkdown,
  sweepMarkdown,
} from "../../../../plugins/bottleneck_finder/report/markdown.ts";
import { evilAnswer, findAnswer, sweepAnswer } from "./_answers.ts";

Deno.test("Markdown has the tables, the sentences and the cliffs", () => {
  const text = findMarkdown(findAnswer());
  match(text, /^# Response times behind LCP\n\n/);
  match(text, /\n\| route \| verdict \| LCP per ms \| /);
  match(text, /\n\| --- \| --: \| --: \| /);
  match(text, /\n\| cart \| partly \| 0\.42 \| 0\.33…0\.50 \| /);
  match(text, /\n- \+100 ms on recommendations costs 0 ± 3 ms LCP: hidden\.\n/);
  match(text, /\n## Cliff: route cart, delay\n\nThe 2\.5 s budget breaks /);
  match(text, /\n\| 300 ms \| 2240 \| 2220…2260 \| 4 \| 0 \|\n/);
  match(text, /\n- Perfmock and the browser share this machine\.\n/);
  match(text, /\n\| cart \| \\<0\.001 \| 100 ms \| 100 ms \| /);
  ok(!findMarkdown(findAnswer({ budget: null })).includes("budget is"));
});

Deno.test("Markdown of a sweep has its table", () => {
  equal(
    sweepMarkdown(sweepAnswer()),
    `# LCP at multiples of response times

| route | response time | ×1 | ×2 | ×4 | ×8 | knee | breaks 1.5 s |
| --- | --: | --: | --: | --: | --: | --: | --: |
| cart | 80 ms | 1240 ± 12 | 1246 ± 15 | 1330 ± 14 | 1655 ± 22 | 230 ms (190…262) | ×8 |
| recommendations | 300 ms | 1240 ± 12 | 1239 ± 15 | – | – | none | no |
| cpu | – | 1240 ± 12 | 1239 ± 15 | – | – | ×2.50 (2.10…3.25) | no |

Median LCP in ms where the route's response time is multiplied by the factor, ± half of its 95 % interval; knee: response time from which on LCP grows faster.

## Measurement

- 40 loads in 1 min 1 s, complete. Seed 42.
`,
  );
});

Deno.test("names mean nothing in Markdown: no markup, no link, no cell", () => {
  const text = findMarkdown(evilAnswer());
  ok(!/(?<!\\)<script/.test(text));
  ok(!/(?<!\\)\[a\]/.test(text));
  ok(!text.includes("https://"));
  const row = text.split("\n").find((line) => line.startsWith("| x"));
  equal(row?.split(/(?<!\\)\|/).length, 11);
});
