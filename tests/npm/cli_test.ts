import { equal } from "node:assert/strict";
import { commandName, isExecuted } from "../../npm/cli.ts";

Deno.test("commandName() names the command of the package manager that runs", () => {
  for (
    const [agent, command] of [
      [undefined, "npx perfmock"],
      ["", "npx perfmock"],
      ["npm/11.0.0 node/v22.0.0 linux x64", "npx perfmock"],
      ["pnpm/10.1.0 npm/? node/v22.0.0 linux x64", "pnpm exec perfmock"],
      ["yarn/4.5.0 npm/? node/v22.0.0 linux x64", "yarn perfmock"],
      ["bun/1.3.0 npm/? node/v24.3.0 linux x64", "bunx perfmock"],
      ["constructor/1.0.0", "npx perfmock"],
    ] as const
  ) equal(commandName(agent), command);
});

Deno.test("isExecuted() tells a package's command that a package manager runs from a script of the project", () => {
  const pnpm = "pnpm/12.4.2 npm/? node/? linux x64";
  const yarn = "yarn/1.22.22 npm/? node/v20.0.0";
  const cases: readonly (readonly [Record<string, string>, boolean])[] = [
    [{}, false],
    [{ npm_command: "exec" }, true],
    [{ npm_command: "run-script", npm_config_user_agent: pnpm }, false],
    [{ npm_config_user_agent: pnpm }, true],
    [{ npm_config_user_agent: pnpm, npm_lifecycle_event: "mock" }, false],
    [{ npm_config_user_agent: yarn, npm_lifecycle_event: "perfmock" }, true],
    [{ npm_config_user_agent: "npm/11.0.0 node/v22.0.0" }, false],
  ];
  for (const [environment, expected] of cases) {
    equal(isExecuted(environment), expected, JSON.stringify(environment));
  }
});
