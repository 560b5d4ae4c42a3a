import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readingInWords } from "../../../core/cli/fit.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

/** 1000 durations around 100 ms, without chance. */
const TIMES = Array.from({ length: 1000 }, (_, i) => {
  const u = (i + 0.5) / 1000;
  return 100 * (-Math.log1p(-u)) ** (1 / 3);
});

const FILES = {
  "times.csv": `elapsed_ms\n${TIMES.join("\n")}\n`,
  "two.txt":
    '# TYPE a_seconds histogram\na_seconds_bucket{job="x",le="1"} 5\na_seconds_bucket{job="x",le="+Inf"} 6\na_seconds_bucket{job="y",le="1"} 5\na_seconds_bucket{job="y",le="+Inf"} 6\n',
  "broken.csv": "duration\nx\n-1\n",
};

Deno.test("fit prints a distribution that check accepts, with its goodness of fit in comments", async () => {
  await using folder = await folderWith(FILES);
  const { status, out, err } = await cli("fit", `${folder.path}/times.csv`);
  equal(status, 0, err);
  equal(err, "");
  match(
    out,
    /^# .*times\.csv \(table of durations\): 1000 durations; column "elapsed_ms", in ms\n/,
  );
  match(out, /\n# weibull +maximum likelihood +0 /);
  match(out, /\n# recommended: weibull: all compared percentiles are within/);
  match(out, /\n# not known: Beyond p99, too few of the 1000 durations/);
  match(
    out,
    /\nserviceTime: \{ fitted: \{ of: \{ weibull: \{ shape: [23]\.\d+, scale: [\d.]+ms \} \}, from: times\.csv \} \}\n/,
  );
  match(
    out,
    /\n# without a formula:\n# serviceTime: \{ fitted: \{ of: \{ percentiles: \{ p1: /,
  );
  const block = out.split("\n").find((line) => line.startsWith("serviceTime"));
  await Deno.writeTextFile(
    `${folder.path}/mock.yaml`,
    `routes:\n  - path: /a\n    ${block}\n`,
  );
  const checked = await cli("check", "--config", `${folder.path}/mock.yaml`);
  equal(checked.status, 0, checked.err);
  equal(checked.err, "");
});

Deno.test("fit writes the block and all figures, and prints JSON", async () => {
  await using folder = await folderWith(FILES);
  const [yaml, json] = ["yaml", "json"].map((end) =>
    `${folder.path}/out.${end}`
  );
  const { status, out } = await cli(
    ...["fit", `${folder.path}/times.csv`, "--json", "--unit", "s"],
    ...["--out", yaml, "--out", json],
  );
  equal(status, 0);
  const answer = JSON.parse(out);
  deepEqual(answer, JSON.parse(await Deno.readTextFile(json)));
  equal(answer.best.family, "weibull");
  equal(answer.count, 1000);
  ok(answer.best.tail[0].measured > 80_000, "in seconds");
  match(
    await Deno.readTextFile(yaml),
    /^# weibull by maximum likelihood from 1000 durations: KS .*\nserviceTime: \{ fitted: .* \}\n$/,
  );
});

Deno.test("fit ends with 2 and all errors where file or options are wrong, and writes nothing", async () => {
  await using folder = await folderWith(FILES);
  const out = `${folder.path}/out.yaml`;
  const broken = await cli("fit", `${folder.path}/broken.csv`, "--out", out);
  equal(broken.status, 2);
  match(broken.err, /Cannot read .*broken\.csv: 2 errors \[IMPORT_INVALID\]/);
  match(broken.err, /Line 2 has no duration\n +received: "x"/);
  match(broken.err, /Line 3 has a negative duration/);
  await Deno.stat(out).then(() => ok(false, "nothing is written"), () => {});
  const two = await cli("fit", `${folder.path}/two.txt`);
  equal(two.status, 2);
  match(two.err, /durations of 2 kinds: .*job="x"; .*job="y"/);
  match(two.err, /allowed: --select NAME=VALUE for one of them, or --merge/);
  const one = await cli("fit", `${folder.path}/two.txt`, "--select", 'job="y"');
  equal(one.status, 0, one.err);
  match(one.out, /# .*two\.txt \(Prometheus text\): 6 durations, .*job="y"/);
  match(one.out, /# left out: 2 samples with other labels \(line 2, line 3\)/);
  const merged = await cli("fit", `${folder.path}/two.txt`, "--merge");
  match(merged.out, /12 durations/);
  const wrong = await cli("fit", `${folder.path}/two.txt`, "--select", "job");
  equal(wrong.status, 2);
  match(wrong.err, /--select: A label has a name and a value/);
  const none = await cli("fit", `${folder.path}/none.csv`);
  equal(none.status, 2);
  match(none.err, /Cannot read the file/);
  const pdf = await cli("fit", `${folder.path}/times.csv`, "--out", "a.pdf");
  equal(pdf.status, 2);
  match(pdf.err, /Cannot write the fit/);
});

Deno.test("fit needs the plugin importer", async () => {
  await using folder = await folderWith({
    ...FILES,
    "off.yaml": "plugins: { importer: false }\n",
  });
  const { status, err } = await cli(
    ...["fit", `${folder.path}/times.csv`],
    ...["--config", `${folder.path}/off.yaml`],
  );
  equal(status, 2);
  match(err, /The configuration switches the importer off/);
});

Deno.test("readingInWords() tells how far a file was read", () => {
  equal(
    readingInWords({ file: "a.csv", bytes: 4e6, size: 2e8, lines: 123 }),
    "a.csv: 4 of 200 MB, 123 lines",
  );
});
