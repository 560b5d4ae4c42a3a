/**
 * Runs the commands of the documentation's shell blocks against a server: perfmock's own commands in this process, curl's as
 * requests.
 *
 * @module
 */
import { root } from "../../tools/run.ts";
import type { Perfmock } from "../../mod.ts";
import { cli, serving } from "../support/cli.ts";
import type { ShellCommand } from "./_documentation.ts";

/** Surroundings of a page's commands. */
export interface Surroundings {
  /** Server that stands for the one on port 8080. */
  readonly server: Perfmock;
  /** Folder with the files that the page shows, and for those that its commands write. */
  readonly folder: string;
  /** Variables that commands before have set. */
  readonly variables: Map<string, string>;
}

/** Exit statuses of a command that did what it should: a threshold may fail in a short run. */
const GOOD: readonly number[] = [0, 99];

/** Options of perfmock whose value is a file that is written. */
const WRITTEN: ReadonlySet<string> = new Set([
  "--out",
  "--script",
  "--waterfall",
]);

/** Options that the test sets itself: a free port, and a file that says which. */
const OWN_OPTIONS: ReadonlySet<string> = new Set(["--port", "--ready-file"]);

/**
 * Runs one command.
 *
 * @returns reason why it did not do what it should; undefined if it did
 */
export async function runCommand(
  { words, text }: ShellCommand,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const { variables } = surroundings;
  const set = /^([A-Z]+)=(.*)$/.exec(words[0]);
  if (set !== null && words.length === 1) {
    variables.set(set[1], set[2]);
    return undefined;
  }
  const filled = words.map((word) =>
    word.replaceAll(
      /\$\{?([A-Z]+)\}?/g,
      (whole, name) => variables.get(name) ?? whole,
    )
  );
  const [program, ...args] = filled;
  if (program === "curl") return await runCurl(args, text, surroundings);
  if (program === "npx" && args[0] === "perfmock") {
    return await runPerfmock(args.slice(1), surroundings);
  }
  const own = ["run", "-A", "mod.ts"];
  if (program === "deno" && own.every((word, index) => args[index] === word)) {
    return await runPerfmock(args.slice(own.length), surroundings);
  }
  return "the test does not know this program";
}

/** Runs a command of perfmock; one that serves is stopped as soon as it listens. */
async function runPerfmock(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<string | undefined> {
  const given = args.map((word, index) =>
    WRITTEN.has(args[index - 1]) || isFileOf(surroundings.folder, word)
      ? `${surroundings.folder}/${word}`
      : word
  );
  if (
    given[0] === undefined || given[0].startsWith("-") || given[0] === "serve"
  ) {
    const options = (given[0] === "serve" ? given.slice(1) : given)
      .filter((word, index, all) =>
        !OWN_OPTIONS.has(word) && !OWN_OPTIONS.has(all[index - 1])
      );
    await using process = await serving([...options, "--port", "0"], {
      cwd: root,
    });
    process.signal("SIGINT");
    const { status, err } = await process.ended;
    return status === 0 ? undefined : err;
  }
  const where = given[0] === "correlate" && !given.includes("--url")
    ? ["--url", surroundings.server.url.href]
    : [];
  const arrow = given.indexOf(">");
  const command = arrow < 0 ? given : given.slice(0, arrow);
  const { status, out, err } = await cli(...command, ...where);
  if (arrow >= 0) {
    await Deno.writeTextFile(`${surroundings.folder}/${given[arrow + 1]}`, out);
  }
  return GOOD.includes(status) ? undefined : `status ${status}: ${out}${err}`;
}

function isFileOf(folder: string, word: string): boolean {
  if (!/^[\w.-]+\.\w+$/.test(word)) return false;
  try {
    return Deno.statSync(`${folder}/${word}`).isFile;
  } catch {
    return false;
  }
}

/** Sends what curl would send. A status of 400 or more is good only where the text of the command names it. */
async function runCurl(
  args: readonly string[],
  text: string,
  { server, folder }: Surroundings,
): Promise<string | undefined> {
  const headers = new Headers();
  let method: string | undefined;
  let body: string | undefined;
  let target: string | undefined;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (/^-[siNO]+$/.test(word)) continue;
    if (word === "-X") method = rest.shift();
    else if (word === "-H") {
      const [name, ...value] = (rest.shift() ?? "").split(":");
      headers.set(name, value.join(":").trim());
    } else if (["-d", "--data-binary", "--json"].includes(word)) {
      const data = rest.shift() ?? "";
      body = data.startsWith("@")
        ? await Deno.readTextFile(`${folder}/${data.slice(1)}`)
        : data;
      const type = word === "--json"
        ? "application/json"
        : "application/x-www-form-urlencoded";
      if (!headers.has("content-type")) headers.set("content-type", type);
    } else if (word.startsWith("-")) {
      return `the test does not know curl's ${word}`;
    } else target = word;
  }
  if (target === undefined) return "there is no URL";
  const url = new URL(target.includes("://") ? target : `http://${target}`);
  if (url.port !== "8080") return `nothing listens on ${url.host} in the test`;
  const session = /^([\w-]+)\.localhost$/.exec(url.hostname);
  if (session !== null) headers.set("perfmock-session", session[1]);
  const path = new URL(url.pathname + url.search, server.url);
  const response = await fetch(path, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers,
    ...body !== undefined && { body },
  });
  const shown = await firstOf(response);
  return response.status < 400 || text.includes(`${response.status}`)
    ? undefined
    : `${response.status} ${shown}`;
}

/** Reads a response; of a stream of events, which may have no end, the first piece. */
async function firstOf(response: Response): Promise<string> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/event-stream")) return await response.text();
  const reader = response.body?.getReader();
  const first = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(first?.value);
}

/** Sends what the script of a page would send after one request, so that there is a page load to ask for. */
export async function reportPage(server: Perfmock): Promise<void> {
  const url = new URL("/api/products", server.url).href;
  const answer = await fetch(url);
  await answer.body?.cancel();
  const timing = answer.headers.get("server-timing") ?? "";
  const report = await fetch(
    new URL("/_perfmock/exporters/correlation", server.url),
    {
      method: "POST",
      body: JSON.stringify({
        page: "page-0001",
        url: "http://localhost:5173/shop",
        requests: [{
          url,
          startTime: 10,
          fetchStart: 10,
          requestStart: 30,
          responseStart: 60,
          responseEnd: 61,
          transferSize: 400,
          status: 200,
          traceparent: /traceparent;desc="([^"]*)"/.exec(timing)?.[1],
        }],
        figures: { LCP: { value: 123, rating: "good" } },
      }),
    },
  );
  const text = await report.text();
  if (!report.ok) throw new Error(`Cannot report a page: ${text}`);
}
