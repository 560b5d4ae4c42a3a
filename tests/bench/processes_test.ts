import { deepEqual, equal, rejects } from "node:assert/strict";
import { processorTime } from "./machine.ts";
import { Children, readLines } from "./processes.ts";
import { startScript } from "./servers.ts";

Deno.test("Children stops its processes when disposed", async () => {
  const children = new Children();
  const { child, url } = await startScript(children, "bare_text");
  equal(await (await fetch(url)).text(), "ok");
  await children[Symbol.asyncDispose]();
  equal(child.ended, true);
  await rejects(child.line(), /No further line came/);
});

Deno.test("Child.send() writes to the process, and line() returns the lines of its output one by one", async () => {
  await using children = new Children();
  const child = children.spawn(Deno.execPath(), [
    "eval",
    "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)",
  ]);
  await child.send("one\ntwo");
  equal(await child.line(), "one");
  equal(await child.line(), "two");
});

Deno.test("Child.line() stops a process that writes nothing", async () => {
  await using children = new Children();
  const child = children.spawn(Deno.execPath(), [
    "eval",
    "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)",
  ]);
  await rejects(child.line(10), /No further line came/);
  await child.stop();
  equal(child.ended, true);
});

Deno.test("readLines() joins lines that were split at any byte", async () => {
  const bytes = new TextEncoder().encode("grün\n\nblau\nrest");
  const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
  const lines = await Array.fromAsync(readLines(ReadableStream.from(pieces)));
  deepEqual(lines, ["grün", "", "blau"]);
});

Deno.test("processorTime() of a process that does not exist is NaN", () => {
  equal(processorTime(2 ** 30), NaN);
});
