/**
 * A server on Deno for a program that runs on Node.js, which tells it by messages what to do. The program's end ends it.
 *
 * @module
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { createServer } from "../core/app.ts";
import { loadConfiguration } from "../core/cli/configuration.ts";
import { LocatedError } from "../core/cli/located.ts";
import { printError, terminal } from "../core/cli/terminal.ts";
import { UnhandledErrors } from "../core/cli/unhandled.ts";
import type { PerfmockInput } from "../core/config/mod.ts";
import { type ErrorCode, type Issue, PerfmockError } from "../core/errors.ts";
import { messageOfThrown } from "../core/lib/thrown.ts";
import type { Server } from "../core/server/server.ts";
import { whenParentEnds } from "./deno_parent.ts";
import type {
  ControlCall,
  FromServer,
  Question,
  Run,
  SentError,
  Start,
  ToServer,
} from "./messages.ts";

/** Host name of calls that are made within the process. */
const WITHIN = "http://localhost";

let server: Server | undefined;
const runs = new Map<number, AbortController>();

whenParentEnds(() => void stop(), (error) => void giveUp(error));
process.on("message", (text: string) => void receive(JSON.parse(text)));
// The channel keeps this process alive until it is told to end.
process.channel?.ref();

async function receive(message: ToServer): Promise<void> {
  switch (message.kind) {
    case "start":
      return await start(message);
    case "stop":
      return await stop();
    case "abort":
      return runs.get(message.id)?.abort();
    default:
      return await answer(message);
  }
}

async function start(message: Start): Promise<void> {
  try {
    server = await started(message);
    new UnhandledErrors(server);
    const { url, config: { control, sessions } } = server;
    send({
      kind: "ready",
      url: url.href,
      control: new URL(control.path, url).href,
      sessionHeader: sessions.header,
    });
  } catch (error) {
    send({ kind: "refused", error: sent(error) });
  }
}

/** Makes the server of a configuration in a file, whose errors have places in it, or of one that was sent. */
async function started(
  { config, file, placeholders, seed, host, port }: Start,
): Promise<Server> {
  if (file === undefined) {
    return await createServer(
      withSettings(config as PerfmockInput, { seed, host, port }),
      { folder: pathToFileURL(`${Deno.cwd()}/`) },
    );
  }
  const configuration = await loadConfiguration({
    config: file,
    env: placeholders,
    ...seed !== undefined && { seed: `${seed}` },
    ...defined({ host }),
    ...port !== undefined && { port: `${port}` },
  });
  return await configuration.createServer({ listen: true });
}

/** Adds settings to a configuration, except where it is not an object, which the schema reports. */
function withSettings(
  input: PerfmockInput,
  { seed, host, port }: Pick<Start, "host" | "port" | "seed">,
): PerfmockInput {
  const { server } = input;
  const place = { ...defined({ host }), ...defined({ port }) };
  return {
    ...input,
    ...defined({ seed }),
    ...Object.keys(place).length > 0 &&
      (server === undefined || typeof server === "object" && server !== null) &&
      { server: { ...server, ...place } },
  };
}

/** Leaves out keys without a value. */
function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(value).filter(([, part]) => part !== undefined),
  ) as Partial<T>;
}

/** Ends the server, and the process with an exit status. */
async function stop(status = 0): Promise<void> {
  try {
    await server?.[Symbol.asyncDispose]();
  } finally {
    Deno.exit(status);
  }
}

/** Ends a server that receives nothing any more: otherwise the program would wait for answers for ever. */
async function giveUp(error: unknown): Promise<void> {
  terminal().writeError(
    `Cannot go on serving: messages of the program that has started this server can no longer be read: ${
      messageOfThrown(error)
    }\n`,
  );
  await stop(1);
}

async function answer(question: Question): Promise<void> {
  const { id } = question;
  try {
    if (server === undefined) {
      throw new PerfmockError(
        "SERVER_NOT_STARTED",
        "Cannot answer: the server has not been started",
      );
    }
    const value = question.kind === "call"
      ? await called(server, question)
      : await ran(server, id, question);
    send({ kind: "answer", id, value });
  } catch (error) {
    send({ kind: "error", id, error: sent(error) });
  }
}

/** Makes a call of the control API without a socket: neither a certificate nor a busy port is in its way. */
async function called(
  server: Server,
  { method, path, body, session }: ControlCall,
): Promise<unknown> {
  const { control: { path: base, token }, sessions: { header } } =
    server.config;
  const headers = new Headers();
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  if (session !== undefined) headers.set(header, session);
  const response = await server.fetch(
    new Request(WITHIN + base + path, {
      method,
      headers,
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  const text = await response.text();
  if (response.ok) return parsed(text);
  const { code, title, detail, issues } = Object(parsed(text)) as {
    readonly code?: ErrorCode;
    readonly title?: string;
    readonly detail?: string;
    readonly issues?: readonly Issue[];
  };
  throw new PerfmockError(
    code ?? "ARGUMENT_INVALID",
    detail === undefined
      ? title ?? `The control API answered ${response.status}`
      : `${title}: ${detail}`,
    issues,
  );
}

/** The JSON value of a text; the text itself if it is none. */
function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function ran(
  server: Server,
  id: number,
  { kind, script }: Run,
): Promise<unknown> {
  const controller = new AbortController();
  runs.set(id, controller);
  try {
    return await server[kind](script, { signal: controller.signal });
  } finally {
    runs.delete(id);
  }
}

/** Writes an error as the command line prints it. */
function sent(error: unknown): SentError {
  if (!(error instanceof PerfmockError)) {
    return { code: undefined, text: messageOfThrown(error), issues: [] };
  }
  const own = inTermsOfPrograms(error);
  let text = "";
  printError(own, {
    write: () => {},
    writeError: (part) => void (text += part),
    bold: (part) => part,
    dim: (part) => part,
  });
  return { code: own.code, text: text.trimEnd(), issues: own.issues };
}

/** Words of the command line, and those for a program. */
const WORDS: readonly (readonly [command: RegExp, program: string])[] = [
  [/ \(from --(\w+)\)$/, " (from options.$1)"],
  [/, or PERFMOCK_TOKEN$/, ""],
  [/^Add --env to /, "Pass options.env, such as {}, to "],
];

/** Returns an error with advice that a program can follow, where that of the command line is about its own options. */
function inTermsOfPrograms(error: PerfmockError): PerfmockError {
  const issues = error.issues.map((issue): Issue => ({
    ...inWords(issue),
    ...error.code === "PORT_IN_USE" && {
      suggestion:
        "port 0 for a server in each worker, or one server with a session for each worker",
    },
  }));
  const located = error instanceof LocatedError
    ? error.located.map(({ warning, place }) => ({
      warning: inWords(warning),
      place,
    }))
    : undefined;
  // It keeps the places of its issues.
  return Object.create(error, {
    issues: { value: issues },
    ...located !== undefined && { located: { value: located } },
  });
}

function inWords(issue: Issue): Issue {
  const { message, suggestion } = issue;
  const words = (text: string) =>
    WORDS.reduce((text, [command, own]) => text.replace(command, own), text);
  return {
    ...issue,
    message: words(message),
    ...suggestion !== undefined && { suggestion: words(suggestion) },
  };
}

function send(message: FromServer): void {
  // A message that nobody can receive any more is no error: the program has ended.
  process.send?.(JSON.stringify(message), undefined, undefined, () => {});
}
