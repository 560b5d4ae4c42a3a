import { equal } from "node:assert/strict";
import { Hono } from "hono";
import { ownPath } from "../../../core/control/own_path.ts";

const app = new Hono().all("*", (context) => context.text(ownPath(context)));

async function pathOf(outer: Hono, path: string): Promise<string> {
  return await (await outer.request(path)).text();
}

Deno.test("ownPath() is the path itself where the app is not mounted", async () => {
  equal(await pathOf(app, "/a/b%20c?x=1"), "/a/b c");
  equal(await pathOf(app, "/"), "/");
});

Deno.test("ownPath() leaves out where the app is mounted, at any depth", async () => {
  const outer = new Hono().route("/backend", app);
  equal(await pathOf(outer, "/backend/a/b"), "/a/b");
  equal(await pathOf(outer, "/backend"), "/");
  const further = new Hono().route("/of/:tenant", outer);
  equal(await pathOf(further, "/of/7/backend/a"), "/a");
});
