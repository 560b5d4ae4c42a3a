/**
 * Find scripts as files: their placeholders, of which commands have some of their own.
 *
 * @module
 */
import {
  type ConfigurationOptions,
  placeholderWarnings,
  variablesOf,
} from "./configuration.ts";
import type { Warning } from "./located.ts";
import { readScript, type Script } from "./load.ts";

/** Variable that a script's command finds the server's URL in. */
const OWN = "PERFMOCK_URL";

/**
 * Reads a find script. A placeholder of the variable that commands get from perfmock stays for the shell that runs them.
 *
 * @throws PerfmockError if it cannot be read, or is too long
 */
export function readFindScript(
  file: string,
  options: Pick<ConfigurationOptions, "command" | "env">,
): Promise<Script> {
  const variables = variablesOf(options);
  return readScript(file, options, {
    kind: "find script",
    variables: variables &&
      ((name) => name === OWN ? `\${${OWN}}` : variables(name)),
  });
}

/**
 * Warns of placeholders that stay text: those of a command do so for its shell, which replaces them by the variables of its
 * environment, so that there is nothing to warn of.
 */
export function findWarnings(script: Script, source: string): Warning[] {
  const { command: _, ...others } = script.value;
  const rest = JSON.stringify(others);
  const outside = script.placeholders.filter(({ name }) =>
    rest.includes(`\${${name}`)
  );
  return [
    ...placeholderWarnings({
      placeholders: outside.filter(({ name }) => name !== OWN),
    }, source),
    ...rest.includes(`\${${OWN}`)
      ? [{
        warning: {
          path: "",
          message:
            `\${${OWN}} stays as it is written: only a command has this variable`,
          suggestion: "Write a path, such as /shop, for a page of this server",
        },
        place: undefined,
      }]
      : [],
  ];
}
