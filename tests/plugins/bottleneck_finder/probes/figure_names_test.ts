import { deepEqual, match } from "node:assert/strict";
import {
  ALLOWED_FIGURES,
  readFigureName,
} from "../../../../plugins/bottleneck_finder/probes/figure_names.ts";

Deno.test("readFigureName() reads every form", () => {
  for (const kind of ["LCP", "INP", "TTFB", "FCP"] as const) {
    deepEqual(readFigureName(kind), { kind });
  }
  deepEqual(readFigureName("measure:cart ready"), {
    kind: "measure",
    name: "cart ready",
  });
  deepEqual(readFigureName("selector-visible: #cart > li:first-child"), {
    kind: "selector-visible",
    selector: "#cart > li:first-child",
  });
});

Deno.test("readFigureName() says why a text is no figure", () => {
  const reasons: readonly (readonly [string, RegExp])[] = [
    ["CLS", /^CLS is no time/],
    ["cls", /^CLS is no time/],
    ["lcp", /written LCP$/],
    ["LCPP", /not known$/],
    ["", /not known$/],
    ["measure:", /needs the name of a measure/],
    ["measure:  ", /needs the name of a measure/],
    ["selector-visible:", /needs a CSS selector/],
    ["Measure:x", /not known$/],
  ];
  for (const [text, reason] of reasons) {
    const read = readFigureName(text);
    match("issue" in read ? read.issue : "", reason, text);
  }
  match(ALLOWED_FIGURES, /^LCP, INP, TTFB, FCP, measure:NAME or/);
});
