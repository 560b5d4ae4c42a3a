import { equal, match, ok } from "node:assert/strict";
import { basename } from "node:path";
import { parse } from "yaml";
import { cli } from "../support/cli.ts";
import { npmInstall, succeed, temporaryFolder } from "./_packages.ts";
import { pypiSource } from "./_pypi.ts";
import { required } from "./_software.ts";

/** File of a package, what `import` says of it, and the least number of its routes. */
type Importable = readonly [file: string, summary: RegExp, routes: number];

/** Imports a file with a load script; both are checked. */
async function imports(
  folder: string,
  [file, summary, least]: Importable,
): Promise<void> {
  const [mock, script] = [`${folder}/mock.yaml`, `${folder}/load.yaml`];
  const imported = await cli("import", file, "--out", mock, "--script", script);
  const name = basename(file);
  equal(imported.status, 0, `${name}: ${imported.err}`);
  match(imported.out, summary, name);
  const checked = await cli("check", mock);
  equal(checked.status, 0, `${name}: ${checked.err}`);
  const { routes } = parse(await Deno.readTextFile(mock));
  ok(routes.length >= least, `${routes.length} routes of ${name}`);
}

/** Fits a file; the number of its durations is known. */
async function fits(file: string, durations: number): Promise<void> {
  const fitted = await cli("fit", file, "--merge", "--json");
  equal(fitted.status, 0, `${basename(file)}: ${fitted.err}`);
  equal(JSON.parse(fitted.out).count, durations, basename(file));
}

Deno.test({
  name: "HARs of other people's packages become mocks that pass check",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    const locust = `${await pypiSource(
      folder.path,
      "har2locust==0.9.4",
    )}/tests/inputs`;
    const warc = `${await pypiSource(
      folder.path,
      "har2warc==1.0.4",
    )}/test/data`;
    for (
      const file of [
        [`${warc}/example.har`, /4 × bodies of bytes/, 12],
        [`${warc}/http2.github.io.har`, /12 × another host/, 9],
        [`${locust}/apple-with-cookies.har`, /3 × long bodies/, 53],
        [`${locust}/login.har`, /1 × no HTTP \(wss:\)/, 4],
        [`${locust}/reqres.in.har`, /may hold secrets/, 2],
      ] as const
    ) await imports(folder.path, file);
  },
});

Deno.test({
  name: "Access logs of other people's packages become mocks that pass check",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    await npmInstall(folder.path, "nginxparser@2.1.0");
    await succeed(folder.path, "sh", [
      "-c",
      "{ apt-get download logstalgia || { apt-get update && apt-get download logstalgia; }; } && dpkg-deb -x logstalgia_*.deb .",
    ]);
    const apache = await pypiSource(folder.path, "apachelogs==0.6.1");
    for (
      const file of [
        [`${apache}/test/data/vhost_combined.log`, /format combined/, 6],
        [
          `${folder.path}/node_modules/nginxparser/test.log`,
          /The log has no durations/,
          1,
        ],
        [
          `${folder.path}/usr/share/logstalgia/example.log`,
          /access log in the format/,
          5,
        ],
      ] as const
    ) await imports(folder.path, file);
  },
});

Deno.test({
  name:
    "Logs of HdrHistogram of its Python port have as many durations as it counts",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    const tests = `${await pypiSource(
      folder.path,
      "hdrhistogram==0.10.8",
    )}/test`;
    await fits(`${tests}/jHiccup-2.0.7S.logV2.hlog`, 48_761);
    // Two tags with the same 32 290 values, of which one is merged.
    await fits(`${tests}/tagged-Log.logV2.hlog`, 32_290);
    const raphael = await cli("fit", `${tests}/raphael.hlog`);
    equal(raphael.status, 0, raphael.err);
  },
});

Deno.test({
  name: "Requests and summary of one run of k6 have the same median",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    await npmInstall(folder.path, "k6-to-junit@1.0.3");
    const tests = `${folder.path}/node_modules/k6-to-junit/test`;
    const medians = [];
    for (const file of ["exampleResults.json", "out.txt"]) {
      const { status, out, err } = await cli(
        "fit",
        `${tests}/${file}`,
        "--merge",
        "--json",
      );
      equal(status, 0, err);
      const { count, nonParametric } = JSON.parse(out);
      equal(count, 20);
      medians.push(
        nonParametric.tail.find(({ probability }: { probability: number }) =>
          probability === 0.5
        ).measured,
      );
    }
    ok(Math.abs(medians[0] / medians[1] - 1) < 0.1, `${medians}`);
  },
});
