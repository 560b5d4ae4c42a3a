import { equal } from "node:assert/strict";
import { commandName } from "../../../core/cli/command_name.ts";

Deno.test("commandName() names a path from the working directory, and a package by its own name", () => {
  for (
    const [module, folder, command] of [
      [
        "file:///home/me/perfmock/mod.ts",
        "/home/me/perfmock",
        "deno run -A mod.ts",
      ],
      [
        "file:///home/me/perfmock/mod.ts",
        "/home/me",
        "deno run -A perfmock/mod.ts",
      ],
      [
        "file:///home/me/perfmock/mod.ts",
        "/home/you",
        "deno run -A /home/me/perfmock/mod.ts",
      ],
      [
        "file:///home/me/my%20mocks/mod.ts",
        "/home/me",
        'deno run -A "my mocks/mod.ts"',
      ],
      [
        "https://registry.test/@perfmock/perfmock/0.1.0/mod.ts",
        "/home/me",
        "perfmock",
      ],
    ]
  ) equal(commandName(module, folder), command);
});
