/**
 * Pages of the reference that come from the code itself: commands, error codes and the hooks of plugins.
 *
 * @module
 */
import type { Command } from "commander";
import { createProgram } from "../../core/cli/mod.ts";
import { STATUS } from "../../core/control/endpoints.ts";
import { root } from "../run.ts";
import { documentedMembers } from "./doc_comments.ts";
import { code, page, sentence, table } from "./markdown.ts";

/** The pages, by file name. */
export async function codePages(): Promise<Record<string, string>> {
  return {
    "cli.md": cliPage(),
    "errors.md": await errorsPage(),
    "plugins.md": await pluginsPage(),
  };
}

function cliPage(): string {
  const silent = { write() {}, writeError() {}, bold: String, dim: String };
  const program = createProgram("perfmock", silent, () => {});
  return page({
    title: "Reference: command line",
    text:
      `Every command and option. \`deno run -A mod.ts COMMAND\` and \`perfmock COMMAND\` mean the same; without a command, it serves. The exit status
is 0, 1 for a failure at run time, 2 for errors in your input, 99 for a threshold or a budget that does not hold, and 130 for a run that
a signal ended. The command line takes precedence over the environment, and the environment over the file.`,
    made: "the definitions of the commands",
    body: program.commands.map(commandSection).join("\n"),
  });
}

function commandSection(command: Command): string {
  const operands = command.registeredArguments.map((argument) => {
    const name = argument.required
      ? `<${argument.name()}>`
      : `[${argument.name()}]`;
    return [
      code(name),
      argument.description,
      argument.argChoices?.map(code).join(" or ") ?? "",
      defaultOf(argument.defaultValue, argument.description),
    ];
  });
  const options = command.options.map((option) => [
    code(option.flags),
    option.description,
    option.argChoices?.map(code).join(" or ") ?? "",
    defaultOf(option.defaultValue, option.description),
  ]);
  return `## ${command.name()}

${sentence(capital(command.description()))}

${
    table(
      ["argument or option", "value", "default", "meaning"],
      [...operands, ...options].map(([name, meaning, ...rest]) => [
        name,
        ...rest,
        capital(withoutDefault(meaning)),
      ]),
    )
  }`;
}

/** Default of an option: commander's, or the one that its description names. */
function defaultOf(value: unknown, description: string): string {
  if (value !== undefined) return code(String(value));
  return /\(default: (.*)\)$/.exec(description)?.[1] ?? "";
}

function withoutDefault(description: string): string {
  return description.replace(/ \(default: .*\)$/, "");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

async function errorsPage(): Promise<string> {
  const text = await Deno.readTextFile(`${root}/core/errors.ts`);
  const rows = [...text.matchAll(/\/\*\* (.+) \*\/\n {2}\| "([A-Z_]+)"/g)].map(
    ([, meaning, name]) => [
      `[${code(name)}](../errors.md#${name.toLowerCase()})`,
      `${STATUS[name] ?? otherStatus(name)}`,
      meaning,
    ],
  );
  return page({
    title: "Reference: errors",
    text:
      `Every error code, with the status of the control API's answer. [errors.md](../errors.md) has an example of each, and what to do.`,
    made: "the doc comments of core/errors.ts",
    body: table(["code", "status", "meaning"], rows),
  });
}

/** Statuses that are set where the error is thrown, such as those of proxied routes, which mock requests get. */
function otherStatus(name: string): number {
  return {
    UPSTREAM_FAILED: 502,
    UPSTREAM_INVALID: 502,
    UPSTREAM_LOOP: 508,
    UPSTREAM_TIMEOUT: 504,
    HOOK_FAILED: 500,
    SIMULATION_LIMIT: 429,
  }[name] ?? 400;
}

/** Types of the plugin contract that have a table, with the sentence above it. */
const CONTRACT:
  readonly (readonly [type: string, file: string, text: string])[] = [
    [
      "Plugin",
      "core/contract/plugin.ts",
      "The default export of a plugin's module, made by `definePlugin()`.",
    ],
    [
      "Contributions",
      "core/contract/plugin.ts",
      "Data that a plugin brings: `contributes`.",
    ],
    ["Instance", "core/contract/plugin.ts", "The result of `setup`."],
    [
      "RouteHooks",
      "core/contract/exchange.ts",
      "The result of an instance's `route`: the hooks of one route, in the order in which a request meets them.",
    ],
    [
      "Host",
      "core/contract/plugin.ts",
      "The first argument of `setup`: what core offers.",
    ],
    [
      "Exchange",
      "core/contract/exchange.ts",
      "The request and its answer, as hooks see them.",
    ],
    [
      "Rejection",
      "core/contract/exchange.ts",
      "The result of `admit` for a request that is refused.",
    ],
    [
      "Kit",
      "core/contract/values.ts",
      "Types of settings: the argument of `options`, `routeKeys` and `parameters`.",
    ],
    [
      "Family",
      "core/contract/values.ts",
      "A distribution family: an entry of `contributes.families`.",
    ],
    ["Shape", "core/contract/values.ts", "The result of a family's `create`."],
    [
      "Dial",
      "core/contract/values.ts",
      "A value that can be changed while requests are in flight.",
    ],
    [
      "Endpoint",
      "core/contract/control.ts",
      "A control call, made by `endpoint()`.",
    ],
  ];

async function pluginsPage(): Promise<string> {
  const sections = await Promise.all(
    CONTRACT.map(async ([type, file, text]) => {
      const members = await documentedMembers(file, type);
      return `## ${type}\n\n${text}\n\n${
        table(
          ["member", "meaning"],
          members.map(({ name, optional, text }) => [
            code(optional ? `${name}?` : name),
            text,
          ]),
        )
      }`;
    }),
  );
  return page({
    title: "Reference: hooks of plugins",
    text:
      `Every member of the plugin contract; those with a question mark are optional. [plugins.md](../plugins.md) explains how to write a plugin;
[core/plugin.ts](../../core/plugin.ts) has all types.`,
    made: "the doc comments of core/contract",
    body: sections.join("\n"),
  });
}
