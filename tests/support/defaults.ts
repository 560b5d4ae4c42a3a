/** Defaults of the whole configuration. */
import type { PerfmockConfig } from "../../core/config/mod.ts";

/** The configuration that an empty object stands for. */
export const DEFAULTS: PerfmockConfig = {
  seed: 42,
  server: {
    host: "127.0.0.1",
    port: 8080,
    cors: true,
    drainTimeout: 10_000,
    limits: {
      requestLine: 16_384,
      head: 65_536,
      headers: 200,
      body: 1_073_741_824,
      connections: 16_384,
      backlog: 4096,
      headTimeout: 60_000,
      idleTimeout: 600_000,
    },
    reusePort: false,
    engine: "auto",
  },
  control: { path: "/_perfmock", token: null, allow: [] },
  journal: { capacity: 10_000 },
  sessions: { header: "Perfmock-Session", limit: 64, expiry: 600_000 },
  overrides: { delay: false, profile: false, fault: false },
  backend: { scale: 1, delay: 0, faultShare: 1 },
  presets: {},
  plugins: {},
  routes: [],
};
