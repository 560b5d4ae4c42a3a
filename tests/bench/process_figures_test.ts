import { equal } from "node:assert/strict";
import {
  descriptorLimit,
  openDescriptors,
  readDescriptorLimit,
  readResidentBytes,
  readUsedTime,
  residentBytes,
  usedTime,
} from "./process_figures.ts";

Deno.test("readUsedTime() adds user and system time of a process whose name contains spaces and parentheses", () => {
  const stat =
    "4242 (a) b (c) S 1 4242 4242 0 -1 4194304 900 0 1 0 123 45 7 8 20 0 9 0 100";
  equal(readUsedTime(stat), 1680);
});

Deno.test("readResidentBytes() returns bytes, and NaN if the figure is absent", () => {
  equal(
    readResidentBytes("VmHWM:\t   90000 kB\nVmRSS:\t   80000 kB\n"),
    81_920_000,
  );
  equal(readResidentBytes("Name:\tzombie\n"), NaN);
});

Deno.test("readDescriptorLimit() returns the soft limit", () => {
  const line = (soft: string) =>
    `Max processes  100  100  processes\nMax open files            ${soft}   65536   files\n`;
  equal(readDescriptorLimit(line("1024")), 1024);
  equal(readDescriptorLimit(line("unlimited")), Infinity);
  equal(readDescriptorLimit(""), NaN);
});

Deno.test("Figures of a process that does not exist are NaN, those of this process are positive", () => {
  equal(usedTime(2 ** 30), NaN);
  equal(residentBytes(2 ** 30), NaN);
  equal(openDescriptors(2 ** 30), NaN);
  equal(descriptorLimit() > 0, true);
  if (Deno.build.os !== "linux") return;
  equal(usedTime(Deno.pid) > 0, true);
  equal(residentBytes(Deno.pid) > 1024 ** 2, true);
  equal(openDescriptors(Deno.pid) > 2, true);
});
