import { deepEqual, equal, match } from "node:assert/strict";
import { createKit, validate } from "../../../../core/config/mod.ts";
import type { Validation } from "../../../../core/config/mod.ts";
import type { Signal } from "../../../../core/plugin.ts";
import { folderWith } from "../../../support/plugins.ts";
import { values } from "./_signals.ts";

/** Parses a trace from a file with this text. */
async function trace(text: string): Promise<Validation<Signal>> {
  await using folder = await folderWith({ "trace.csv": text });
  const kit = createKit({
    folder: folder.path,
    distribution: () => ({ issues: [] }),
  });
  return validate(kit.signal(kit.rate()), { trace: { file: "trace.csv" } });
}

async function good(text: string): Promise<Signal> {
  const read = await trace(text);
  if (read.issues === undefined) return read.value;
  throw new Error(JSON.stringify(read.issues));
}

async function bad(text: string): Promise<string[]> {
  const { issues = [] } = await trace(text);
  return issues.map(({ path, message, value, allowed }) =>
    [path, message, value, allowed].join(" | ")
  );
}

Deno.test("A trace file has a time and a value on each line, with or without units", async () => {
  const signal = await good("time,rate\n\n1000,60/m\r\n2s;3\n 4 s\t 5/s \n");
  deepEqual(values(signal, [0, 500, 1000, 3000, 9000]), [1, 2, 3, 5, 5]);
});

Deno.test("A trace file needs no header and no final line break", async () => {
  deepEqual(values(await good("0,1\n10,3"), [5]), [2]);
});

Deno.test("Errors in a trace file are reported with line numbers, ten at most", async () => {
  const found = await bad("0,1\n5\nx,2\n7,8,9\n3,-1\n6,1\n2,1\n");
  deepEqual(found.map((text) => text.replace(/ [^ ]*trace.csv /, " FILE ")), [
    ...[2, 3, 4, 5].map((line) =>
      `/trace/file | Line ${line} is no point | FILE | a time and a value such as 1.5s,400/s or 1500,400`
    ),
    "/trace/file | Line 7 goes back in time | FILE | at least the time of the line before",
  ]);
  const many = await bad(`0,1\n${"?\n".repeat(15)}`);
  equal(many.length, 11);
  match(many[10], /Further lines with errors: 5/);
});

Deno.test("A trace file that is missing or has no points is an error", async () => {
  match((await bad("time,rate\n"))[0], /The file holds no points/);
  const kit = createKit({
    folder: "/nowhere",
    distribution: () => ({ issues: [] }),
  });
  const { issues = [] } = validate(kit.signal(kit.rate()), {
    trace: { file: "none.csv" },
  });
  match(issues[0].message, /^Cannot read the file: /);
  equal(issues[0].allowed, "the path of a file that can be read");
});
