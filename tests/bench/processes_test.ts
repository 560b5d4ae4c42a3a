import { deepEqual, equal, rejects } from "node:assert/strict";
import { processorTime } from "./machine.ts";
import { Children, readLines } from "./processes.ts";
import { startScript } from "./servers.ts";

Deno.test("Children ends what it started", async () => {
  const children = new Children();
  const { child, url } = await startScript(children, "bare_text");
  equal(await (await fetch(url)).text(), "ok");
  await children[Symbol.asyncDispose]();
  equal(child.ended, true);
  await rejects(child.line(), /No further line came/);
});

Deno.test("Child.line() gives the lines of a child's output one by one, and the child hears what is sent", async () => {
  await using children = new Children();
  const child = children.spawn(Deno.execPath(), [
    "eval",
    "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)",
  ]);
  await child.send("one\ntwo");
  equal(await child.line(), "one");
  equal(await child.line(), "two");
});

Deno.test("Child.line() ends a child that stays silent", async () => {
  await using children = new Children();
  const child = children.spawn(Deno.execPath(), [
    "eval",
    "await Deno.stdin.readable.pipeTo(Deno.stdout.writable)",
  ]);
  await rejects(child.line(10), /No further line came/);
  await child.stop();
  equal(child.ended, true);
});

Deno.test("readLines() puts lines together that were cut anywhere", async () => {
  const bytes = new TextEncoder().encode("grün\n\nblau\nrest");
  const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
  const lines = await Array.fromAsync(readLines(ReadableStream.from(pieces)));
  deepEqual(lines, ["grün", "", "blau"]);
});

Deno.test("processorTime() of a process that does not exist is NaN", () => {
  equal(processorTime(2 ** 30), NaN);
});
