import { equal, match, ok } from "node:assert/strict";
import { parse } from "yaml";
import { cli } from "../support/cli.ts";
import { npmInstall, temporaryFolder } from "./_packages.ts";
import { required } from "./_software.ts";

/** Packages with large OpenAPI documents, the file in each, and the least number of its routes. */
const DOCUMENTS:
  readonly (readonly [pack: string, file: string, routes: number])[] = [
    ["@octokit/openapi@23.0.2", "generated/api.github.com.json", 900],
    ["@directus/specs@15.2.0", "dist/openapi.json", 80],
    ["@blockfrost/openapi@0.1.93", "openapi.yaml", 90],
  ];

for (const [pack, file, least] of DOCUMENTS) {
  Deno.test({
    name:
      `${pack} becomes a mock that passes check, with all that it leaves out listed`,
    ignore: !required,
    fn: async () => {
      await using folder = await temporaryFolder();
      await npmInstall(folder.path, pack);
      const name = pack.slice(0, pack.lastIndexOf("@"));
      const out = `${folder.path}/mock.yaml`;
      const imported = await cli(
        "import",
        `${folder.path}/node_modules/${name}/${file}`,
        "--out",
        out,
      );
      equal(imported.status, 0, imported.err);
      match(imported.out, /Left out:\n {2}\d+ × answers of other statuses/);
      const checked = await cli("check", out);
      equal(checked.status, 0, checked.err);
      const { routes } = parse(await Deno.readTextFile(out));
      ok(routes.length >= least, `${routes.length} routes`);
    },
  });
}
