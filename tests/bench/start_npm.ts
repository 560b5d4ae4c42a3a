/**
 * Time from the start of a process to its first answer for the npm package: by npx, by its command, and in a program.
 *
 * @module
 */
import { pack } from "../../tools/npm.ts";
import type { Children } from "./processes.ts";
import type { Server } from "./servers.ts";

/** A project in which the packed package is installed. */
export interface InstalledPackage extends AsyncDisposable {
  /** Ways to start the same server, by their label. */
  readonly ways: Readonly<Record<string, () => Promise<Server>>>;
}

/** Configuration of the server. */
const CONFIG = { routes: [{ path: "/ok", response: { text: "ok" } }] };

/** Program that starts the server, and prints its URL. */
const PROGRAM = `
import { startPerfmock } from "perfmock";
const server = await startPerfmock(${JSON.stringify(CONFIG)});
console.log(server.url);
`;

/** Packs the package, and installs it into a new project. */
export async function installPackage(
  children: Children,
): Promise<InstalledPackage> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "perfmock_bench_" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const { filename } = await pack(`${folder}/packed`);
  const project = `${folder}/project`;
  await Deno.mkdir(project);
  await Deno.writeTextFile(`${project}/package.json`, '{"private":true}');
  await Deno.writeTextFile(`${project}/mock.json`, JSON.stringify(CONFIG));
  await Deno.writeTextFile(`${project}/serve.mjs`, PROGRAM);
  const { success, stderr } = await new Deno.Command("npm", {
    args: ["install", "--no-audit", "--no-fund", `../packed/${filename}`],
    cwd: project,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  // The first line that a server prints has its URL.
  const start = async (...command: readonly string[]): Promise<Server> => {
    const child = children.spawn("sh", [
      ...["-c", 'cd "$0" && exec "$@"', project],
      ...command,
    ]);
    const [, url] = /(http:\S+?)\/?( |$)/.exec(await child.line()) ?? [];
    if (url === undefined) throw new Error("The server printed no URL");
    return { url, child };
  };
  const serve = ["serve", "--config", "mock.json", "--port", "0"];
  const owned = stack.move();
  return {
    ways: {
      "npx perfmock": () => start("npx", "perfmock", ...serve),
      "node_modules/.bin/perfmock": () =>
        start("node_modules/.bin/perfmock", ...serve),
      "startPerfmock()": () => start("node", "serve.mjs"),
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
