import { deepEqual } from "node:assert/strict";
import {
  boundaries,
  contractIsTypes,
  denoNamespace,
  doors,
  groupMarkers,
  noCircles,
  nodeLoads,
  noJsrImports,
  plainComments,
  shape,
  testsAssert,
  timeAndChance,
} from "./_rules.ts";
import { parseAll } from "../../tools/sources.ts";

const product = await parseAll("core", "plugins");
const tests = await parseAll("tests");
const tools = await parseAll("npm", "tools");
const examples = await parseAll("examples");

Deno.test("Rule 1: plugins import only the contract, core imports no plugin", () => {
  deepEqual(boundaries(product), []);
});

Deno.test("No file imports another in a circle, types included", () => {
  deepEqual(noCircles(product), []);
});

Deno.test("Rule 1: the contract is types only", () => {
  deepEqual(contractIsTypes(product), []);
});

Deno.test("Rule 2: time comes from a Clock, chance from a stream", () => {
  deepEqual(timeAndChance(product), []);
});

Deno.test("Rule 10: core and plugins use Web APIs, except for serving, reading files, stress and the CLI", () => {
  deepEqual(denoNamespace(product), []);
});

Deno.test("A folder's mod.ts is its only door", () => {
  deepEqual(doors(product), []);
});

Deno.test("No file imports from JSR", () => {
  deepEqual(noJsrImports([...product, ...tests, ...tools, ...examples]), []);
});

Deno.test("Files are short and named in snake_case", () => {
  deepEqual(shape([...product, ...tests, ...tools, ...examples]), []);
});

Deno.test("Each sentence of a comment names its subject", () => {
  deepEqual(plainComments([...product, ...tests, ...tools, ...examples]), []);
});

Deno.test("Every test file asserts something, and no test is disabled", () => {
  deepEqual(testsAssert(tests), []);
});

Deno.test("Markers of test files are spelled as the test command expects", () => {
  deepEqual(groupMarkers(tests), []);
});

Deno.test("Node.js 20 can parse what it loads of the npm package", () => {
  deepEqual(nodeLoads([...product, ...tools]), []);
});
