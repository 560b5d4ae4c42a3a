/**
 * Answers as one HTML file without scripts.
 *
 * @module
 */
import {
  drawSvg,
  type FindAnswer,
  htmlPage,
  type Section,
  type SweepAnswer,
} from "../../../core/find.ts";
import {
  cliffDrawing,
  slopesDrawing,
  sweepDrawing,
  waterfallDrawing,
} from "./drawings.ts";
import {
  CHECK_EXPLANATION,
  checkRows,
  cliffRows,
  headline,
  measurementWords,
  routeExplanation,
  routeRows,
  routeSentences,
  sweepExplanation,
  sweepRows,
} from "./rows.ts";

/** Draws the answer of an experiment. */
export async function findHtml(answer: FindAnswer): Promise<string> {
  const { figure, cliffs, waterfall, routes } = answer;
  const sections: Section[] = [{
    title: "In short",
    notes: [
      headline(answer),
      ...routeSentences(answer),
      ...cliffs.map(({ sentence }) => sentence),
    ],
  }];
  if (routes.length > 0) {
    sections.push({
      title: "Cost of each ms of response time",
      svg: await drawSvg(slopesDrawing(answer)),
      table: routeRows(answer),
      notes: [routeExplanation(answer)],
    });
  }
  for (const cliff of cliffs) {
    if (cliff.points.length === 0) continue;
    sections.push({
      title: `Cliff: ${cliff.of}`,
      svg: await drawSvg(cliffDrawing(cliff, answer)),
      table: cliffRows(cliff, figure),
      folded: true,
      notes: [cliff.sentence],
    });
  }
  if (waterfall.length > 0) {
    sections.push({
      title: "Waterfall of the median load",
      svg: await drawSvg(waterfallDrawing(answer)),
    });
  }
  sections.push({
    title: "Measurement",
    notes: [...measurementWords(answer), CHECK_EXPLANATION],
    table: checkRows(answer),
    folded: true,
  });
  return htmlPage(`Response times behind ${figure}`, sections);
}

const SWEEP_COLOURS =
  "In the drawings, a blue line is the knee with its interval, and a dashed red line is the budget.";

/** Draws the answer of a sweep. */
export async function sweepHtml(answer: SweepAnswer): Promise<string> {
  const { routes, figure } = answer;
  const sections: Section[] = [];
  if (routes.length > 0) {
    sections.push({
      title: "Routes",
      svg: await drawSvg(sweepDrawing(answer)),
      table: sweepRows(answer),
      notes: [sweepExplanation(answer), SWEEP_COLOURS],
    });
  }
  sections.push({ title: "Measurement", notes: measurementWords(answer) });
  return htmlPage(`${figure} at multiples of response times`, sections);
}
