import type { LoadSummary } from "../../../../core/load.ts";
import type { Perfmock } from "../../../../mod.ts";
import type { RunReport } from "../../../../plugins/load_engine/runs/run.ts";
import { until } from "../../../support/wait.ts";

/** A run in the form of the control API. */
export type TestRun = RunReport & { readonly summary: LoadSummary | null };

/** Calls the control API over the server's socket. */
export function control(
  { url }: Pick<Perfmock, "url">,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return fetch(new URL(`_perfmock/load_engine/${path}`, url), init);
}

/** Starts a run; a text is sent as YAML. */
export async function begin(
  server: Pick<Perfmock, "url">,
  script: unknown,
): Promise<RunReport> {
  const body = typeof script === "string" ? script : JSON.stringify(script);
  const response = await control(server, "runs", { method: "POST", body });
  if (response.status !== 201) throw new Error(await response.text());
  return await response.json();
}

/** Reads a run. */
export async function look(
  server: Pick<Perfmock, "url">,
  id: string,
): Promise<TestRun> {
  return await (await control(server, `runs/${id}`)).json();
}

/** Reads a run until a condition holds. */
export async function wait(
  server: Pick<Perfmock, "url">,
  id: string,
  holds: (run: TestRun) => boolean,
): Promise<TestRun> {
  let run = await look(server, id);
  await until(async () => holds(run = await look(server, id)));
  return run;
}

/** Returns the final state of a run, after its summary event. */
export async function finish(
  server: Pick<Perfmock, "url">,
  id: string,
): Promise<TestRun> {
  await (await control(server, `runs/${id}/events`)).text();
  return await look(server, id);
}
