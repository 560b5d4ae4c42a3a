/**
 * Reads the JUnit report of `deno test`.
 *
 * @module
 */
import { DOMParser, type Element } from "@xmldom/xmldom";

/** One `<testcase>`: a test, or a step of a test, whose name starts with the name of the test. */
export interface JUnitCase {
  /** Test module as Deno names it: relative, with a leading `./`. */
  readonly module: string;
  /** Name of the test; a step is `test > step`. */
  readonly name: string;
  /** Line of the module that registers it, from 1. */
  readonly line: number;
  /** Duration in seconds. */
  readonly seconds: number;
  /** Outcome. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** First sentence of the error; empty unless the test failed. */
  readonly message: string;
  /** Error with its stack; empty unless the test failed. */
  readonly detail: string;
}

/** Content of a report. */
export interface JUnitReport {
  /** Modules that were loaded, with or without tests. */
  readonly modules: readonly string[];
  /** Test cases in the order of the report. */
  readonly cases: readonly JUnitCase[];
}

/**
 * Parses a report. A run that ended before its first test leaves an empty text, which is an empty report.
 *
 * @throws Error if the text is no XML
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
  const suite = element.parentNode as Element | null;
  return {
    // The class name is the file that calls Deno.test(), which may be a helper of the module.
    module: suite?.getAttribute("name") ?? attribute("classname"),
    name: attribute("name"),
    line: Number(attribute("line")),
    seconds: Number(attribute("time")),
    outcome: failure ? "failed" : skipped ? "skipped" : "passed",
    message: failure?.getAttribute("message") ?? "",
    detail: failure?.textContent ?? "",
  };
}
