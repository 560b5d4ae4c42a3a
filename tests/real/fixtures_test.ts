import { deepEqual, equal, match, ok } from "node:assert/strict";
import { root } from "../../tools/run.ts";
import { NpmProject } from "./_npm_project.ts";
import { debianProgram } from "./_packages.ts";
import { required } from "./_software.ts";

/** Copies an example into a project, without its package.json: the packages are installed already. */
async function copyExample(project: NpmProject, name: string): Promise<void> {
  const copy = async (from: string, to: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(from)) {
      if (isDirectory) {
        await Deno.mkdir(`${to}/${name}`, { recursive: true });
        await copy(`${from}/${name}`, `${to}/${name}`);
      } else if (name !== "package.json") {
        await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
      }
    }
  };
  await copy(`${root}/examples/${name}`, project.path);
}

/** Result of one test in Playwright's JSON report. */
interface TestResult {
  readonly workerIndex: number;
  readonly status: string;
  readonly error?: { readonly message?: string };
  readonly attachments: readonly {
    readonly name: string;
    readonly body?: string;
  }[];
}

/** A suite in Playwright's JSON report. */
interface Suite {
  readonly suites?: readonly Suite[];
  readonly specs?: readonly {
    readonly title: string;
    readonly tests: readonly { readonly results: readonly TestResult[] }[];
  }[];
}

/** Results by title. */
function resultsOf(report: Suite): Map<string, TestResult> {
  const found = new Map<string, TestResult>();
  const walk = ({ suites = [], specs = [] }: Suite): void => {
    for (const { title, tests } of specs) {
      found.set(title, tests[0].results[0]);
    }
    suites.forEach(walk);
  };
  walk(report);
  return found;
}

/** Text of an attachment. */
function textOf({ attachments }: TestResult, name: string): string {
  const found = attachments.find((one) => one.name === name);
  ok(found?.body !== undefined, `no ${name} in ${JSON.stringify(attachments)}`);
  return new TextDecoder().decode(
    Uint8Array.from(atob(found.body), (character) => character.charCodeAt(0)),
  );
}

/** Configuration of Playwright that extends the example's: its report is JSON, and its browser Debian's. */
function playwrightConfig(executablePath: string, more = ""): string {
  const launch = JSON.stringify({ executablePath, args: ["--no-sandbox"] });
  return `import config from "./playwright.config.ts";
export default {
  ...config,
  reporter: "json",
  ${more}
  use: { ...config.use, launchOptions: ${launch} },
};
`;
}

Deno.test({
  name:
    "Playwright with four workers: one server, a session for each worker, figures in each result",
  ignore: !required,
  fn: async (t) => {
    await using project = await NpmProject.install(
      "@playwright/test@1.57.0",
      "typescript@5.9.3",
    );
    await copyExample(project, "playwright");
    const chromium = await debianProgram(project.path, "chromium");
    const play = async (config: string, ...args: readonly string[]) => {
      const ended = await project.run("npx", [
        ...["playwright", "test", "-c", config, ...args],
      ]);
      ok(ended.out.startsWith("{"), ended.out + ended.err);
      const report = JSON.parse(ended.out) as Suite & {
        readonly errors: readonly { readonly message: string }[];
      };
      return { ...ended, results: resultsOf(report), errors: report.errors };
    };

    await t.step(
      "the example passes, in several workers, and each run has the same response times",
      async () => {
        await project.write("real.config.ts", playwrightConfig(chromium));
        const { status, results, out } = await play("real.config.ts");
        equal(status, 0, out);
        equal(results.size, 7);
        const workers = new Set(
          [...results.values()].map(({ workerIndex }) => workerIndex),
        );
        ok(workers.size > 1 && workers.size <= 4, `${workers.size} workers`);
      },
    );

    await t.step(
      "the result of a test has its figures, its requests and its page loads",
      async () => {
        await project.write(
          "pages.config.ts",
          playwrightConfig(chromium).replace(
            "...config.use,",
            '...config.use, perfmockOptions: { config: "perfmock.yaml", pages: true },',
          ),
        );
        const { status, results, out } = await play(
          "pages.config.ts",
          ...["-g", "shows the products"],
        );
        equal(status, 0, out);
        const result = results.get("shows the products") ?? ({} as TestResult);
        match(textOf(result, "perfmock: figures"), /^products +1 +0 +0 +0 /m);
        const requests = JSON.parse(textOf(result, "perfmock: requests"));
        deepEqual(
          requests.map(({ route }: { readonly route: string }) => route),
          ["page", "products"],
        );
        const pages = textOf(result, "perfmock 1: planned and observed");
        match(pages, /^products \/api\/products +[\d.]+ /m);
      },
    );

    await t.step(
      "an error in the configuration is a list, before any test runs",
      async () => {
        await project.write(
          "wrong.config.ts",
          playwrightConfig(chromium).replace(
            "...config.use,",
            "...config.use, perfmockOptions: { config: { routes: [{ pth: '/' }, { path: '/a', serviceTime: 'soon' }] } },",
          ),
        );
        const { status, results, errors } = await play("wrong.config.ts");
        ok(status !== 0);
        deepEqual(
          [...results.values()].filter((result) => result !== undefined),
          [],
        );
        const [{ message }] = errors;
        match(message, /Cannot use the configuration: \d errors/);
        match(message, /\/routes\/0/);
        match(message, /\/routes\/1\/serviceTime/);
      },
    );

    await t.step(
      "workers that each start a server on one port are told to share one",
      async () => {
        using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const { port } = taken.addr;
        await project.write(
          "port.config.ts",
          playwrightConfig(chromium, "globalSetup: undefined,").replace(
            "...config.use,",
            `...config.use, perfmockOptions: { config: "perfmock.yaml", port: ${port} },`,
          ),
        );
        const { results } = await play("port.config.ts", "-g", "run 1");
        const [{ status, error }] = [...results.values()];
        equal(status, "failed");
        match(error?.message ?? "", /the port is in use/);
        match(error?.message ?? "", /globalSetup: "perfmock\/playwright"/);
      },
    );

    await t.step(
      "without a global set-up, each worker has a server of its own",
      async () => {
        await project.write(
          "own.config.ts",
          playwrightConfig(chromium, "globalSetup: undefined,"),
        );
        const { status, out } = await play("own.config.ts", "-g", "run [12]");
        equal(status, 0, out);
      },
    );

    await t.step(
      "test.use may set the seed of its session, and is told where it wants another server, or misspells an option",
      async () => {
        await project.write("real.config.ts", playwrightConfig(chromium));
        const spec = (options: string) =>
          `import { expect, test } from "perfmock/playwright";
test.use({ perfmockOptions: ${options} });
test(${JSON.stringify(options)}, async ({ request, perfmock }) => {
  await request.get("/api/products");
  const [{ drawnMs }] = await perfmock.requests({ route: "products" });
  expect(drawnMs).not.toBeCloseTo(20.544, 3);
});
`;
        const cases = ["{ seed: 7 }", "{ config: 'other.yaml' }", "{ sed: 7 }"];
        for (const [index, options] of cases.entries()) {
          await project.write(`tests/use_${index}.spec.ts`, spec(options));
        }
        const { results } = await play("real.config.ts", "use_");
        equal(results.get(cases[0])?.status, "passed");
        const messages = cases.slice(1).map((name) =>
          results.get(name)?.error?.message ?? ""
        );
        match(
          messages[0],
          /perfmockOptions\.config: This differs .*\[ARGUMENT_INVALID\]|\[ARGUMENT_INVALID\][^]*perfmockOptions\.config: This differs/,
        );
        match(messages[0], /leave `globalSetup/);
        match(messages[1], /suggestion: seed/);
        for (const index of cases.keys()) {
          await Deno.remove(`${project.path}/tests/use_${index}.spec.ts`);
        }
      },
    );

    await t.step("the example's types are right", async () => {
      const { status, out } = await project.run("npx", [
        ...["tsc", "--noEmit", "--strict", "--skipLibCheck"],
        ...["--module", "nodenext", "--moduleResolution", "nodenext"],
        ...["--target", "es2022", "--lib", "es2022,dom,esnext.disposable"],
        ...["playwright.config.ts", "tests/shop.spec.ts"],
      ]);
      equal(status, 0, out);
    });
  },
});

/** Part of the JSON reports of Vitest and Jest. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

Deno.test({
  name: "Vitest: one server for the run, and a session for each test file",
  ignore: !required,
  fn: async (t) => {
    await using project = await NpmProject.install(
      ...["vite@8.3.8", "vitest@4.1.12", "happy-dom@21.0.4"],
    );
    await copyExample(project, "vitest");
    const run = async (...args: readonly string[]) => {
      const ended = await project.run("npx", [
        ...["vitest", "run", "--reporter=json", "--outputFile=out.json"],
        ...args,
      ]);
      const report = await Deno.readTextFile(`${project.path}/out.json`)
        .then((text) => JSON.parse(text) as Report, () => undefined);
      return { ...ended, report };
    };

    await t.step("the example passes", async () => {
      const { status, report, out, err } = await run();
      equal(status, 0, out + err);
      deepEqual([report?.numPassedTests, report?.numFailedTests], [3, 0]);
    });

    await t.step(
      "each test begins afresh, unless the file says otherwise; a session is not there outside of tests",
      async () => {
        for (const resets of [true, false]) {
          await project.write(
            `kept_${resets}.test.ts`,
            `import { useSession } from "perfmock/vitest";
import { expect, test } from "vitest";
const backend = useSession({ resets: ${resets} });
test("outside", () => expect(outside).toMatch(/before its first test/));
for (const n of [0, 1]) {
  test(\`run \${n}\`, async () => {
    const response = await fetch(new URL("/products", backend.serverUrl), { headers: backend.headers });
    expect(response.headers.get("perfmock-sequence")).toBe(\`\${${resets} ? 0 : n}\`);
    const patched = await backend.call("PATCH", "/routes/products", { scale: 2 });
    expect(patched).toBeDefined();
    await expect(backend.call("PATCH", "/routes/products", { scale: -1, sampling: "x" })).rejects.toThrow(/scale[^]*sampling/);
  });
}
let outside = "";
try { backend.url; } catch (error) { outside = error.message; }
`,
          );
        }
        const { status, report, out, err } = await run("kept_");
        equal(status, 0, JSON.stringify(report) + out + err);
        equal(report?.numPassedTests, 6);
      },
    );

    await t.step(
      "concurrent tests are told to keep the session, and then run; a session within a test is refused",
      async () => {
        for (const resets of [true, false]) {
          await project.write(
            `at_once_${resets}.test.ts`,
            `import { useSession } from "perfmock/vitest";
import { expect, test } from "vitest";
const backend = useSession({ resets: ${resets} });
for (const n of [0, 1, 2]) {
  test.concurrent(\`run \${n}\`, async () => {
    const response = await fetch(new URL("/products", backend.url));
    expect(response.status).toBe(200);
  });
}
test("within", () => expect(() => useSession()).toThrow(/within a test/));
`,
          );
        }
        const { report } = await run("at_once_");
        deepEqual([report?.numPassedTests, report?.numFailedTests], [5, 3]);
        match(JSON.stringify(report), /Pass `resets: false` to useSession/);
      },
    );

    await t.step(
      "the control calls of a session are no requests of a stand-in for a browser, nor of a double of fetch; nothing is deprecated",
      async () => {
        await project.write(
          "page.test.ts",
          `// @vitest-environment happy-dom
import { useSession } from "perfmock/vitest";
import { expect, test, vi } from "vitest";
const backend = useSession();
test("the page's own fetch", async () => {
  const response = await fetch(new URL("/products", backend.url));
  expect(response.status).toBe(200);
  vi.stubGlobal("fetch", () => { throw new Error("a double"); });
  vi.useFakeTimers();
  expect((await backend.stats()).routes.products.arrivals).toBe(1);
});
`,
        );
        const { status, report, out, err } = await run("page");
        equal(status, 0, JSON.stringify(report) + out + err);
        equal(/deprecated/i.test(out + err), false, out + err);
      },
    );

    await t.step("an error in the configuration is a list", async () => {
      await project.write(
        "perfmock.setup.ts",
        `import { perfmockSetup } from "perfmock/vitest";
export default perfmockSetup({ routes: [{ pth: "/" }, { path: "/a", serviceTime: "soon" }] } as object);
`,
      );
      const { status, err, out } = await run();
      ok(status !== 0);
      const said = err + out;
      match(said, /Cannot use the configuration: \d errors/);
      match(said, /\/routes\/1\/serviceTime/);
    });

    await t.step(
      "without a shared server, the error says what to add",
      async () => {
        await project.write("vitest.config.ts", "export default {};\n");
        const { status, report } = await run("shop");
        ok(status !== 0);
        match(
          JSON.stringify(report),
          /no server is shared with this worker\. Name a file with .*globalSetup/,
        );
      },
    );
  },
});

const JEST_TEST = `
import http from "node:http";
import { useSession } from "perfmock/jest";
const backend = useSession({ routes: { products: { serviceTime: "30ms" } } });
for (const n of [0, 1]) {
  test("run " + n, async () => {
    const response = await fetch(new URL("/products", backend.url));
    expect(response.headers.get("perfmock-sequence")).toBe("0");
    expect(await response.json()).toEqual([]);
    const { routes } = await backend.stats();
    expect(routes.products.target.p50).toBeCloseTo(30, 0);
  });
}
test("http of Node.js reaches the session by its name too", async () => {
  const status = await new Promise((resolve, reject) => {
    http.get(new URL("/products", backend.url), (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on("error", reject);
  });
  expect(status).toBe(200);
});
`;

/** A test in jsdom, which has no fetch and no TextEncoder. */
const JEST_PAGE = `/** @jest-environment jsdom */
import { useSession } from "perfmock/jest";
const backend = useSession();
test("a page", async () => {
  const status = await new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", new URL("/products", backend.url).href);
    request.onload = () => resolve(request.status);
    request.onerror = reject;
    request.send();
  });
  expect(status).toBe(200);
  expect((await backend.stats()).routes.products.arrivals).toBe(1);
});
`;

/** Concurrent tests of Jest, and one that makes a session within itself. */
const JEST_CONCURRENT = (resets: boolean) => `
import { useSession } from "perfmock/jest";
const backend = useSession({ resets: ${resets} });
for (const n of [0, 1]) {
  test.concurrent("run " + n, async () => {
    const response = await fetch(new URL("/products", backend.url));
    expect(response.status).toBe(200);
  });
}
test("within", () => { expect(() => useSession()).toThrow(/within a test/); });
`;

Deno.test({
  name:
    "Jest: one server for the run, a session for each test file, and the end of the server",
  ignore: !required,
  fn: async () => {
    await using project = await NpmProject.install(
      ...["jest@30.0.5", "jest-environment-jsdom@30.0.5"],
    );
    await project.write(
      "jest.config.mjs",
      `export default { transform: {}, testMatch: ["**/*.test.mjs"], globalSetup: "./perfmock.setup.mjs", globalTeardown: "perfmock/jest/teardown" };\n`,
    );
    await project.write(
      "perfmock.setup.mjs",
      `import { perfmockSetup } from "perfmock/jest";
export default perfmockSetup({ routes: [{ id: "products", path: "/products", response: { json: [] } }] });
`,
    );
    for (const name of ["a", "b", "c"]) {
      await project.write(`${name}.test.mjs`, JEST_TEST);
    }
    for (const resets of [true, false]) {
      await project.write(
        `at_once_${resets}.test.mjs`,
        JEST_CONCURRENT(resets),
      );
    }
    await project.write("page.test.mjs", JEST_PAGE);
    const ended = await project.run("npx", [
      ...["jest", "--json", "--outputFile=out.json", "--maxWorkers=3"],
    ], { NODE_OPTIONS: "--experimental-vm-modules" });
    const { out, err } = ended;
    const report = JSON.parse(
      await Deno.readTextFile(`${project.path}/out.json`),
    ) as Report;
    // Those that fail are the concurrent ones whose session would begin afresh, and the test beside them.
    deepEqual(
      [report.numPassedTests, report.numFailedTests],
      [9 + 3 + 1, 3],
      out + err,
    );
    for (const { message, assertionResults } of report.testResults) {
      if (assertionResults.some(({ failureMessages: [first] }) => first)) {
        match(message, /Pass `resets: false` to useSession/);
      }
    }
    equal(/did not exit|open handle/i.test(err), false, err);
  },
});
