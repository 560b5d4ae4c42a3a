import { equal, match, ok } from "node:assert/strict";
import {
  findHtml,
  sweepHtml,
} from "../../../../plugins/bottleneck_finder/report/html.ts";
import { evilAnswer, findAnswer, sweepAnswer } from "./_answers.ts";

/** Headings of a page. */
function headings(html: string): string[] {
  return [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, text]) => text);
}

Deno.test("the page of an experiment shows slopes, cliffs, the waterfall and the measurement", async () => {
  const html = await findHtml(findAnswer());
  equal(
    headings(html).join("; "),
    "In short; Cost of each ms of response time; Cliff: route cart, delay; Waterfall of the median load; Measurement",
  );
  equal([...html.matchAll(/<svg/g)].length, 3);
  match(
    html,
    /<p>\+100 ms on recommendations costs 0 ± 3 ms LCP: hidden\.<\/p>/,
  );
  match(html, /the budget breaks at 560 ms/);
});

Deno.test("parts without data are left out", async () => {
  const html = await findHtml(findAnswer({
    budget: null,
    routes: [],
    cliffs: findAnswer().cliffs.map((cliff) => ({ ...cliff, points: [] })),
    waterfall: [],
  }));
  equal(headings(html).join("; "), "In short; Measurement");
  const sweep = await sweepHtml(sweepAnswer({ routes: [] }));
  equal(headings(sweep).join("; "), "Measurement");
});

Deno.test("the page of a sweep has a small drawing for each route", async () => {
  const html = await sweepHtml(sweepAnswer());
  equal(headings(html).join("; "), "Routes; Measurement");
  match(html, /1 {1,2}cart<\/text>/);
});

Deno.test("names are text in a page: no script, no markup, nothing that XML forbids", async () => {
  const { figure, notes } = evilAnswer();
  const [route] = sweepAnswer().routes;
  const pages = [
    await findHtml(evilAnswer()),
    await sweepHtml(sweepAnswer({
      figure,
      notes,
      routes: [{ ...route, route: notes[0] }],
    })),
  ];
  for (const html of pages) {
    ok(!/<script|\son\w+=|javascript:/i.test(html));
    // deno-lint-ignore no-control-regex -- control characters are what it finds
    ok(!/[\x00-\x09\x0b-\x1f\u202e]/.test(html));
    ok(html.includes("alert(1)"));
  }
});
