import { deepEqual, equal, match, ok } from "node:assert/strict";
import {
  type FileCoverage,
  judge,
  needsRedis,
  parseLcov,
  table,
  unloaded,
} from "../../tools/coverage.ts";

const LCOV = `SF:/home/ann/perfmock/core/lib/random/threefry.ts
FN:2,f
FN:3,g
FNDA:2,f
FNDA:0,g
FNF:2
FNH:1
BRDA:2,1,0,0
BRDA:2,1,1,4
BRF:2
BRH:1
DA:1,9
DA:2,0
DA:3,0
DA:4,0
DA:7,0
LH:1
LF:5
end_of_record
SF:/elsewhere/x.ts
FNF:0
FNH:0
BRF:0
BRH:0
DA:1,1
LH:1
LF:1
end_of_record
`;

function file(path: string, hit: number, found: number): FileCoverage {
  const full = { hit: found, found };
  return {
    path,
    lines: { hit, found },
    branches: full,
    functions: full,
    missed: hit < found ? ["3-4"] : [],
  };
}

Deno.test("parseLcov() reads shares and places that did not run, and skips files outside the repository", () => {
  deepEqual(parseLcov(LCOV, "/home/ann/perfmock"), [{
    path: "core/lib/random/threefry.ts",
    lines: { hit: 1, found: 5 },
    branches: { hit: 1, found: 2 },
    functions: { hit: 1, found: 2 },
    missed: ["2-4", "7", "branch at 2", "function g"],
  }]);
});

Deno.test("judge() demands 100 % of statistical code and 90 % elsewhere", () => {
  const folders = judge([
    file("core/lib/random/threefry.ts", 999, 1000),
    file("plugins/distributions/families/normal.ts", 10, 10),
    file("core/app.ts", 9, 10),
    file("core/contract/values.ts", 899, 1000),
    file("core/lib/histogram.ts", 9, 10),
    file("tools/check.ts", 0, 10),
  ]);
  deepEqual(folders.map((f) => [f.folder, f.threshold, f.ok]), [
    ["core", 90, true],
    ["core/contract", 90, false],
    ["core/lib", 90, true],
    ["core/lib/random", 100, false],
    ["plugins/distributions", 100, true],
  ]);
});

Deno.test("judge() adds up the files of a folder and of the folders below it", () => {
  const [folder] = judge([
    file("plugins/limiter/mod.ts", 100, 100),
    file("plugins/limiter/queues/fifo.ts", 0, 10),
  ]);
  equal(folder.folder, "plugins/limiter");
  equal(folder.lines.toFixed(3), "90.909");
  ok(folder.ok);
});

Deno.test("judge() treats a folder of types only as complete", () => {
  ok(judge([file("core/lib/random/types.ts", 0, 0)])[0].ok);
});

Deno.test("table() never rounds up, and names places that did not run", () => {
  const text = table(judge([file("core/lib/random/threefry.ts", 9999, 10000)]));
  match(text, /! core\/lib\/random +99\.9 +100\.0 +100\.0 {3}≥ 100/);
  match(text, /core\/lib\/random\/threefry\.ts: 3-4/);
});

Deno.test("unloaded() names files without a profile", () => {
  const loaded = new Set(["file:///home/ann/my%20mock/core/app.ts"]);
  deepEqual(
    unloaded(["core/app.ts", "core/new.ts"], loaded, "/home/ann/my mock"),
    ["core/new.ts"],
  );
});

Deno.test("needsRedis() is true for files whose tests start a Redis server", () => {
  equal(needsRedis("core/shared/redis.ts"), true);
  equal(needsRedis("plugins/limiter/shared/shared_pool.ts"), true);
  equal(needsRedis("plugins/limiter/pool.ts"), false);
});
