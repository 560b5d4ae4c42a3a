/**
 * A page in Chromium that reports what it found.
 *
 * @module
 */
import { createPerfmock, type EngineName } from "../../mod.ts";
import { definePlugin } from "../../core/plugin.ts";
import { until } from "../support/wait.ts";
import { Service } from "./_packages.ts";

/**
 * Opens a page in Chromium, and waits until it has sent JSON to `/found` of its own server.
 *
 * @param html the page
 * @param folder folder for the browser's profile
 * @param options.engine engine of the page's own server. Default: that of the configuration
 * @param options.settled waits for what must have ended before the browser does. Default: nothing
 */
export async function foundBy(
  html: string,
  folder: string,
  { engine = "auto", settled = async () => {} }: {
    readonly engine?: EngineName | "auto";
    readonly settled?: () => Promise<void>;
  } = {},
): Promise<unknown> {
  let found: unknown;
  await using site = await createPerfmock({
    server: { engine },
    routes: [{
      path: "/",
      response: {
        text: html,
        headers: { "content-type": "text/html; charset=utf-8" },
      },
    }],
  }, {
    plugins: [definePlugin({
      name: "found",
      version: "1.0.0",
      setup: () => ({
        endpoints: [{
          method: "POST",
          path: "/found",
          summary: "Takes the results of the page",
          answer: { type: "object" },
          handle: async ({ request }) => {
            found = await request.json();
            return {};
          },
        }],
      }),
    })],
  });
  await using _browser = new Service("chromium", [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    `--user-data-dir=${folder}/profile`,
    site.url.href,
  ]);
  await until(() => found !== undefined);
  await settled();
  return found;
}
