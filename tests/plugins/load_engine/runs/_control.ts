import type { LoadSummary } from "../../../../core/load.ts";
import type { Perfmock } from "../../../../mod.ts";
import type { RunReport } from "../../../../plugins/load_engine/runs/run.ts";
import { until } from "../../../support/wait.ts";

/** A run as the control API tells of it. */
export type TestRun = RunReport & { readonly summary: LoadSummary | null };

/** Calls the control API over the server's socket. */
export function control(
  { url }: Pick<Perfmock, "url">,
  path: string,
  init?: RequestInit,
): Promise<Response> {
  return fetch(new URL(`_perfmock/load_engine/${path}`, url), init);
}

/** Begins a run; a script as text is sent as YAML. */
export async function begin(
  server: Pick<Perfmock, "url">,
  script: unknown,
): Promise<RunReport> {
  const body = typeof script === "string" ? script : JSON.stringify(script);
  const response = await control(server, "runs", { method: "POST", body });
  if (response.status !== 201) throw new Error(await response.text());
  return await response.json();
}

/** How a run stands. */
export async function look(
  server: Pick<Perfmock, "url">,
  id: string,
): Promise<TestRun> {
  return await (await control(server, `runs/${id}`)).json();
}

/** How a run stands once something holds of it. */
export async function wait(
  server: Pick<Perfmock, "url">,
  id: string,
  holds: (run: TestRun) => boolean,
): Promise<TestRun> {
  let run = await look(server, id);
  await until(async () => holds(run = await look(server, id)));
  return run;
}

/** How a run ended: its last event but the summary's is not waited for. */
export async function finish(
  server: Pick<Perfmock, "url">,
  id: string,
): Promise<TestRun> {
  await (await control(server, `runs/${id}/events`)).text();
  return await look(server, id);
}
