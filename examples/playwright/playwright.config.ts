import { defineConfig } from "@playwright/test";
import type { PerfmockOptions } from "perfmock/playwright";

export default defineConfig<object, PerfmockOptions>({
  globalSetup: "perfmock/playwright",
  fullyParallel: true,
  workers: 4,
  use: { perfmockOptions: { config: "perfmock.yaml" } },
});
