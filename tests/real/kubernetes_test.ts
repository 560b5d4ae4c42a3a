/** The manifests of examples/kubernetes against the schemas that Kubernetes publishes for its API. */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import { required, run } from "./_software.ts";

const FOLDER = fileURLToPath(
  new URL("../../examples/kubernetes/", import.meta.url),
);

/** Versions of Kubernetes: the oldest that is supported at the time of writing, and the newest. */
const VERSIONS = ["1.35", "1.37"];

const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name.endsWith(".yaml")).toSorted();

/** A manifest, as far as the tests look at it. */
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas?: number;
    readonly completions?: number;
    readonly serviceName?: string;
    readonly selector?: unknown;
    readonly template: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly {
          readonly image: string;
          readonly args: readonly string[];
          readonly env: readonly { readonly name: string; value?: string }[];
          readonly lifecycle: {
            readonly preStop: { readonly exec: { command: string[] } };
          };
          readonly readinessProbe: { readonly httpGet: { path: string } };
        }[];
      };
    };
  };
}

async function manifests(): Promise<Manifest[]> {
  const all: Manifest[] = [];
  for (const file of files) {
    const text = await Deno.readTextFile(FOLDER + file);
    for (const document of parseAllDocuments(text)) {
      all.push(document.toJS() as Manifest);
    }
  }
  return all;
}

async function manifest(kind: string, name: string): Promise<Manifest> {
  const found = (await manifests()).find((manifest) =>
    manifest.kind === kind && manifest.metadata.name === name
  );
  if (found === undefined) throw new Error(`There is no ${kind} ${name}`);
  return found;
}

/** Validates manifests; unknown keys are errors. */
async function validated(version: string, paths: readonly string[]) {
  return await run("kubernetes-validate", [
    ...["--strict", "--kubernetes-version", version],
    ...paths,
  ], "");
}

for (const version of VERSIONS) {
  Deno.test(`The manifests are valid by the schemas of Kubernetes ${version}`, {
    ignore: !required,
  }, async () => {
    const { code, output } = await validated(
      version,
      files.map((file) => FOLDER + file),
    );
    equal(code, 0, output);
    const passed = output.match(/passed for resource/g) ?? [];
    equal(passed.length, (await manifests()).length, output);
  });
}

Deno.test("A misspelt key of a manifest is found", {
  ignore: !required,
}, async () => {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-kubernetes-" });
  try {
    const text = await Deno.readTextFile(`${FOLDER}perfmock.yaml`);
    const wrong = text.replace("readinessProbe:", "readynessProbe:");
    ok(wrong !== text);
    await Deno.writeTextFile(`${folder}/wrong.yaml`, wrong);
    const { code, output } = await validated(VERSIONS[0], [
      `${folder}/wrong.yaml`,
    ]);
    equal(code, 1);
    match(output, /'readynessProbe' was unexpected/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("The numbers of the manifests agree with one another", async () => {
  const set = await manifest("StatefulSet", "perfmock");
  const { spec } = set.spec.template;
  const [container] = spec.containers;
  const replicas = container.env.find(({ name }) => name === "REPLICAS")?.value;
  equal(Number(replicas), set.spec.replicas);
  ok(container.args.includes("--segment=auto/$(REPLICAS)"));
  ok(await manifest("Service", set.spec.serviceName ?? ""));
  equal(container.readinessProbe.httpGet.path, "/_perfmock/health/ready");
  const { perfmock } = await configuration();
  const drain = Number.parseInt(String(perfmock.server?.drainTimeout));
  const stop = Number(container.lifecycle.preStop.exec.command.at(-1));
  ok(spec.terminationGracePeriodSeconds >= stop + drain + 5);
});

Deno.test("The example's image is the version of Deno that the README names", async () => {
  const readme = await Deno.readTextFile(
    new URL("../../README.md", import.meta.url),
  );
  const [, version] = /npx -y deno@([\d.]+)/.exec(readme) ?? [];
  const set = await manifest("StatefulSet", "perfmock");
  equal(set.spec.template.spec.containers[0].image, `denoland/deno:${version}`);
});

Deno.test("perfmock takes the configuration of the manifests", async () => {
  const { perfmock } = await configuration();
  const { shared: _, server: __, ...config } = perfmock as
    & PerfmockInput
    & { shared?: unknown };
  await using server = await createPerfmock(config, { listen: false });
  deepEqual(server.warnings, []);
  equal(server.routes.length, perfmock.routes?.length);
});

Deno.test("perfmock takes the load script of the manifests, and each pod sends a share of it", async () => {
  const { spec } = await manifest("Job", "perfmock-load");
  const { env } = spec.template.spec.containers[0];
  const shares = env.find(({ name }) => name === "SHARES")?.value;
  equal(Number(shares), spec.completions);
  await using server = await createPerfmock(
    await dataOf("perfmock-load", "perfmock.yaml") as PerfmockInput,
    { listen: false },
  );
  const { target: _, ...script } = await dataOf(
    "perfmock-load",
    "load.yaml",
  ) as Record<string, unknown>;
  // The same scenarios, against a server without a route: every request is answered with 404.
  const { scenarios } = await server.simulate(script);
  const { failed, scheduled } = scenarios.orders;
  equal(failed, scheduled);
  ok(scheduled > 30_000);
});

/** The configuration in the ConfigMap. */
async function configuration(): Promise<{ readonly perfmock: PerfmockInput }> {
  return {
    perfmock: await dataOf("perfmock", "perfmock.yaml") as PerfmockInput,
  };
}

/** A file of a ConfigMap. */
async function dataOf(name: string, file: string): Promise<unknown> {
  const { data = {} } = await manifest("ConfigMap", name);
  const [document] = parseAllDocuments(data[file]);
  return document.toJS();
}
