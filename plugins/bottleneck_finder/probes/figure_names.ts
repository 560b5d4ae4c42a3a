/**
 * Names of page figures, as users write them.
 *
 * @module
 */

/** Figures that are a name alone. */
export const PLAIN_FIGURES = ["LCP", "INP", "TTFB", "FCP"] as const;

/** Figure of a page. */
export type PageFigure =
  | {
    /** Largest Contentful Paint, Interaction to Next Paint, Time to First Byte or First Contentful Paint. */
    readonly kind: typeof PLAIN_FIGURES[number];
  }
  | {
    /** Duration of the first entry that the page makes with `performance.measure(name, …)`. */
    readonly kind: "measure";
    readonly name: string;
  }
  | {
    /** Time at which an element that a CSS selector finds is visible for the first time. */
    readonly kind: "selector-visible";
    readonly selector: string;
  };

/** Reason why a text is no figure. */
export interface FigureIssue {
  /** Sentence without a full stop. */
  readonly issue: string;
}

/** Forms of all figures, in words. */
export const ALLOWED_FIGURES: string = `${
  PLAIN_FIGURES.join(", ")
}, measure:NAME or selector-visible:CSS`;

/** Reads the name of a page's figure. */
export function readFigureName(text: string): PageFigure | FigureIssue {
  const plain = PLAIN_FIGURES.find((name) => name === text);
  if (plain !== undefined) return { kind: plain };
  const [, kind, argument] =
    /^(measure|selector-visible):\s*(.*)$/s.exec(text) ??
      [];
  if (kind !== undefined && argument.trim() === "") {
    return {
      issue: kind === "measure"
        ? "measure: needs the name of a measure, as in measure:cart-ready"
        : "selector-visible: needs a CSS selector, as in selector-visible:#cart",
    };
  }
  if (kind === "measure") return { kind, name: argument };
  if (kind === "selector-visible") return { kind, selector: argument.trim() };
  if (text.toUpperCase() === "CLS") {
    return {
      issue:
        "CLS is no time: it counts how far contents move, so that a response time has no slope on it",
    };
  }
  const upper = PLAIN_FIGURES.find((name) => name === text.toUpperCase());
  return {
    issue: upper === undefined
      ? "This figure is not known"
      : `The figure is written ${upper}`,
  };
}
