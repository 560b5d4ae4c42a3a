/**
 * A fixture for Playwright: each test's result has what the server planned beside what the browser observed, request by request.
 * It puts the script into every page itself, so that the frontend need not be changed.
 *
 *     // tests/shop.spec.ts
 *     import { expect, test as base } from "@playwright/test";
 *     import { correlated } from "…/perfmock/plugins/exporters/correlation/playwright.ts";
 *
 *     const test = correlated(base, { server: "http://127.0.0.1:8080" });
 *     test("checkout", async ({ page }) => { await page.goto("http://localhost:3000/"); });
 *
 * This file imports nothing, so that Playwright can load it with Node.js.
 *
 * @module
 */

/** Settings of {@linkcode correlated}. */
export interface CorrelatedOptions {
  /** URL of perfmock, or of one of its sessions; with a path, that of its control API. */
  readonly server: string;
  /** Token of the control API. Default none. */
  readonly token?: string;
}

/** Part of Playwright's `page` that the fixture uses. */
export interface TestedPage {
  /** Puts a script into each document that the page loads. */
  addInitScript(script: { content: string }): Promise<unknown>;
  /** Gives scripts of the page a function. */
  exposeFunction(
    name: string,
    callback: (id: string) => void,
  ): Promise<unknown>;
  /** Runs a script in the page. */
  evaluate(script: string): Promise<unknown>;
  /** Returns true for a page that has been closed. */
  isClosed(): boolean;
}

/** Part of Playwright's `testInfo` that the fixture uses. */
export interface TestedInfo {
  /** Attaches a text to the result. */
  attach(
    name: string,
    attachment: { body: string; contentType: string },
  ): Promise<void>;
}

/** A test of Playwright, as far as the fixture extends it. */
export interface Extensible {
  /** Returns an extension of the test. */
  extend(fixtures: never): unknown;
}

/** A page load, as the server answers. Times are in ms. */
export interface DescribedLoad {
  /** URL of the page. */
  readonly url: string;
  /** Figures of the page by name. */
  readonly figures: Readonly<Record<string, { readonly value: number }>>;
  /** Requests in the order of their starts. */
  readonly requests: readonly DescribedRequest[];
}

/** A request of a page load. Times are in ms. */
export interface DescribedRequest {
  /** URL of the request. */
  readonly url: string;
  /** Time from the start to the last byte. */
  readonly totalMs: number;
  /** Id of the route; null where the request was not joined. */
  readonly route: string | null;
  /** Drawn service time; null where the request was not joined. */
  readonly drawnMs: number | null;
  /** Durations of the phases; null where the request was not joined. */
  readonly phases: Readonly<Record<string, number>> | null;
  /** Reason why the request was not joined; null where it was. */
  readonly unjoined: string | null;
}

const REPORT = "perfmockPageLoad";

/** Page loads of one page of Playwright. */
export class PageLoads {
  readonly #page: TestedPage;
  readonly #control: string;
  readonly #ids: string[] = [];

  private constructor(page: TestedPage, control: string) {
    this.#page = page;
    this.#control = control;
  }

  /**
   * Puts the script into the page from its next load on.
   *
   * @param control URL below which the calls of the control API are, without a trailing slash
   */
  static async follow(page: TestedPage, control: string): Promise<PageLoads> {
    const loads = new PageLoads(page, `${control}/exporters/correlation`);
    await page.exposeFunction(REPORT, (id) => {
      if (!loads.#ids.includes(id)) loads.#ids.push(id);
    });
    await page.addInitScript({
      content: `if (window === top) import(${
        JSON.stringify(`${loads.#control}/client.js`)
      }).then(({ page }) => ${REPORT}(page), (error) => console.warn("perfmock:", error));`,
    });
    return loads;
  }

  /** Attaches a table and the same as JSON to a result, for each load so far. */
  async attach(info: TestedInfo, token: string | undefined): Promise<void> {
    const page = this.#page;
    if (!page.isClosed()) {
      // The last load has not been hidden yet, which would send its timings.
      await page.evaluate("globalThis.perfmock?.flush()").catch(() => {});
    }
    for (const [index, id] of this.#ids.entries()) {
      await attach(
        info,
        `perfmock ${index + 1}`,
        () => ask(`${this.#control}/pages/${id}`, token),
      );
    }
  }
}

/**
 * Extends a test of Playwright. Each page load becomes two attachments of the result: a table, and the same as JSON. A server that
 * does not answer is named in an attachment; the test itself does not fail for it.
 *
 * @param base `test` of `@playwright/test`, or an extension of it
 */
export function correlated<Test extends Extensible>(
  base: Test,
  { server, token }: CorrelatedOptions,
): Test {
  const { origin, pathname } = new URL(server);
  const path = pathname.replace(/\/$/, "") || "/_perfmock";
  const fixtures = {
    perfmockPages: [
      async (
        { page }: { readonly page: TestedPage },
        use: () => Promise<void>,
        info: TestedInfo,
      ) => {
        const loads = await PageLoads.follow(page, `${origin}${path}`);
        await use();
        await loads.attach(info, token);
      },
      { auto: true },
    ],
  };
  // Playwright's own types are not imported; the caller's test keeps its type.
  return base.extend(fixtures as never) as Test;
}

async function attach(
  info: TestedInfo,
  name: string,
  ask: () => Promise<DescribedLoad>,
): Promise<void> {
  try {
    const load = await ask();
    await info.attach(`${name}: planned and observed`, {
      body: describe(load),
      contentType: "text/plain",
    });
    await info.attach(`${name}: JSON`, {
      body: JSON.stringify(load, null, 2),
      contentType: "application/json",
    });
  } catch (error) {
    await info.attach(`${name}: not available`, {
      body: reasonOf(error),
      contentType: "text/plain",
    });
  }
}

/** Message of an error with that of its cause: Node.js says why a fetch failed in the cause only. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause === undefined ? message : `${message}: ${reasonOf(cause)}`;
}

async function ask(
  url: string,
  token: string | undefined,
): Promise<DescribedLoad> {
  const response = await fetch(url, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  if (response.ok) return await response.json();
  throw new Error(
    `Cannot read ${url}: the server answered ${response.status}: ${await response
      .text()}`,
  );
}

/** Writes a table: a line for each request, with the server's part in the middle. */
export function describe({ url, figures, requests }: DescribedLoad): string {
  const rows = [
    [
      "request",
      "drawn",
      "queue",
      "service",
      "degrade",
      "observed",
      "stall",
      "gap",
      "download",
    ],
    ...requests.map(({ url, route, totalMs, drawnMs, phases, unjoined }) => [
      `${route ?? `(${unjoined})`} ${pathOf(url)}`,
      ...[
        drawnMs,
        phases?.queue,
        phases?.service,
        phases?.degrade,
        totalMs,
        phases?.stall,
        phases?.gap,
        phases?.download,
      ].map((value) => value?.toFixed(1) ?? "–"),
    ]),
  ];
  const widths = rows[0].map((_, i) =>
    Math.max(...rows.map((row) => row[i].length))
  );
  const table = rows.map((row) =>
    row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
    ).join("  ")
  );
  const found = Object.entries(figures)
    .map(([name, { value }]) =>
      `${name} ${value.toFixed(name === "CLS" ? 3 : 0)}`
    );
  return [
    url,
    ...found.length > 0 ? [found.join("  ")] : [],
    "Times in ms",
    "",
    ...table,
    "",
  ].join("\n");
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}
