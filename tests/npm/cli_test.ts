import { equal } from "node:assert/strict";
import { commandName } from "../../npm/cli.ts";

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
