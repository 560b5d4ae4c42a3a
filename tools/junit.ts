/**
 * Reads the JUnit report of `deno test`.
 *
 * @module
 */
import { DOMParser, type Element } from "@xmldom/xmldom";

/** One `<testcase>`: a test, or a step of one, whose name then starts with its test's. */
export interface JUnitCase {
  /** The test module, as Deno names it: relative, with a leading `./`. */
  readonly module: string;
  /** The test's name; a step is `test > step`. */
  readonly name: string;
  /** The line of the module it is registered on, from 1. */
  readonly line: number;
  /** How long it took, in seconds. */
  readonly seconds: number;
  /** How it ended. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** The error's first sentence; empty unless it failed. */
  readonly message: string;
  /** The error with its stack; empty unless it failed. */
  readonly detail: string;
}

/** What the report holds. */
export interface JUnitReport {
  /** The modules that were loaded, whether or not they hold tests. */
  readonly modules: readonly string[];
  /** All test cases, in the order of the report. */
  readonly cases: readonly JUnitCase[];
}

/**
 * Parses a report. An empty text, which is what a run leaves behind that ended before its first test, is an empty report.
 *
 * @throws Error where the text is no XML
 */
export function parseJUnit(xml: string): JUnitReport {
  if (xml.trim() === "") return { modules: [], cases: [] };
  const document = new DOMParser({ onError: refuse })
    .parseFromString(xml, "text/xml");
  return {
    modules: Array.from(
      document.getElementsByTagName("testsuite"),
      (suite) => suite.getAttribute("name") ?? "",
    ),
    cases: Array.from(document.getElementsByTagName("testcase"), readCase),
  };
}

function refuse(level: string, message: string): void {
  if (level !== "warning") {
    throw new Error(`Cannot read the JUnit report: ${message}`);
  }
}

function readCase(element: Element): JUnitCase {
  const attribute = (name: string) => element.getAttribute(name) ?? "";
  const failure = element.getElementsByTagName("failure")[0] ??
    element.getElementsByTagName("error")[0];
  const skipped = element.getElementsByTagName("skipped").length > 0;
  return {
    module: attribute("classname"),
    name: attribute("name"),
    line: Number(attribute("line")),
    seconds: Number(attribute("time")),
    outcome: failure ? "failed" : skipped ? "skipped" : "passed",
    message: failure?.getAttribute("message") ?? "",
    detail: failure?.textContent ?? "",
  };
}
