/** Helpers: recordings in files of their own, read as a script reads them. */
import { folderWith } from "../../../support/plugins.ts";
import { issuesOf, parse } from "../_scripts.ts";

/** A scenario that replays a recording of times. */
export const REPLAY = { executor: "replay", requests: [{ path: "/" }] };

/** Returns the times and paths of a trace in a file. */
export async function replayed(name: string, text: string, more: object = {}) {
  await using folder = await folderWith({ [name]: text });
  const { scenarios: [scenario], notes } = await parse(
    {
      scenarios: {
        s: { executor: "replay", trace: { file: name }, ...more },
      },
    },
    {},
    folder.path,
  );
  if (scenario.executor !== "replay") throw new Error("no replay");
  const { times, choices, requests } = scenario;
  return {
    times: [...times],
    notes,
    paths: [...choices ?? []].map((index) =>
      `${requests[index].method} ${requests[index].path.constant}`
    ),
    requests,
  };
}

/** Returns the messages of a trace's issues. */
export async function traceFaults(
  name: string,
  text: string,
  more: object = REPLAY,
) {
  await using folder = await folderWith({ [name]: text });
  const issues = await issuesOf(
    {
      scenarios: { s: { ...more, executor: "replay", trace: { file: name } } },
    },
    {},
    folder.path,
  );
  return issues.map(({ path, message }) => `${path} ${message}`);
}
