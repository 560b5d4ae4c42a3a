import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { globalSetup: "./perfmock.setup.ts" },
});
