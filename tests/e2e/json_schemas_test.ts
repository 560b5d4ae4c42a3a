// Runs without the profiler: computes much.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import deno from "../../deno.json" with { type: "json" };
import { root } from "../../tools/run.ts";
import { cli } from "../support/cli.ts";
import { blocksIn, readPages } from "./_documentation.ts";

type Json = Record<string, unknown>;

/** The JSON Schemas that `perfmock schema` prints, by kind of file. */
const schemas: Record<"configuration" | "load" | "find", Json> = {
  configuration: JSON.parse((await cli("schema")).out),
  load: JSON.parse((await cli("schema", "load")).out),
  find: JSON.parse((await cli("schema", "find")).out),
};

/** Compiles a schema in strict mode, in which ajv throws for whatever it does not know or finds doubtful. */
function compiled(schema: Json): ValidateFunction {
  return new Ajv2020({ strict: true, allErrors: true }).compile(schema);
}

/** Errors of a value, as text. */
function errorsOf(validate: ValidateFunction, value: unknown): string {
  return validate(value) ? "" : JSON.stringify(validate.errors, null, 1);
}

/** All properties of a schema, at any depth, with their places. */
function* propertiesIn(node: unknown, path = ""): Iterable<[string, Json]> {
  if (typeof node !== "object" || node === null) return;
  for (const [key, part] of Object.entries(node)) {
    if (["default", "examples", "const", "enum"].includes(key)) continue;
    if (key === "properties") {
      for (const [name, property] of Object.entries(part as Json)) {
        yield [`${path}/${name}`, property as Json];
        yield* propertiesIn(property, `${path}/${name}`);
      }
    } else yield* propertiesIn(part, `${path}/${key}`);
  }
}

/** Files of a kind: those of the examples, and the YAML blocks of all pages. */
async function filesOf(kind: keyof typeof schemas): Promise<Map<string, Json>> {
  const files = new Map<string, Json>();
  const add = (name: string, text: string) => {
    const value = parse(text, { merge: true, maxAliasCount: 1000 });
    const found = "scenarios" in value
      ? "load"
      : "page" in value || "command" in value || "beacon" in value
      ? "find"
      : "configuration";
    if (found === kind) files.set(name, value);
  };
  for (const [page, text] of await readPages()) {
    for (const { language, line, code } of blocksIn(page, text)) {
      if (language === "yaml") add(`${page}:${line}`, code);
    }
  }
  for (const folder of ["load", "bottleneck", "correlation"]) {
    for await (const { name } of Deno.readDir(`${root}/examples/${folder}`)) {
      if (!name.endsWith(".yaml")) continue;
      const path = `examples/${folder}/${name}`;
      add(path, await Deno.readTextFile(`${root}/${path}`));
    }
  }
  if (kind === "configuration") {
    files.set("deno.json", deno.perfmock as unknown as Json);
  }
  return files;
}

for (const [kind, schema] of Object.entries(schemas)) {
  Deno.test(`perfmock schema, ${kind}: ajv accepts it in strict mode`, () => {
    compiled(schema);
  });

  Deno.test(`perfmock schema, ${kind}: every key says what it means`, () => {
    const all = [...propertiesIn(schema)];
    ok(all.length > 40, `${all.length} keys`);
    // Forms of values begin with a small letter; the words of a key come before them.
    const silent = all.filter(([, { description }]) =>
      !/^[A-Z]/.test(String(description ?? ""))
    );
    deepEqual(silent.map(([path]) => path), []);
    deepEqual(
      all.filter(([, property]) =>
        "meaning" in property || "fallback" in property
      ),
      [],
    );
  });

  Deno.test(`perfmock schema, ${kind}: it accepts every file that perfmock accepts`, async () => {
    const validate = compiled(schema);
    const files = await filesOf(kind as keyof typeof schemas);
    ok(files.size > 0);
    for (const [name, value] of files) {
      // Plugins of one's own have keys that the schema of the built-in ones does not know.
      if (JSON.stringify(value).includes('"./')) continue;
      equal(errorsOf(validate, value), "", name);
    }
  });

  Deno.test(`perfmock schema, ${kind}: defaults are values that it accepts`, () => {
    let checked = 0;
    for (const [path, property] of propertiesIn(schema)) {
      if (!("default" in property)) continue;
      const { default: fallback, ...rest } = property;
      const validate = new Ajv2020({ strict: false }).compile({
        ...rest,
        $defs: schema.$defs,
      });
      ok(validate(fallback), `${path}: ${JSON.stringify(fallback)}`);
      checked++;
    }
    ok(checked > 5, `${checked} defaults`);
  });
}

Deno.test("perfmock schema: wrong files are refused", () => {
  const wrong: [keyof typeof schemas, Json][] = [
    ["configuration", { rouets: [] }],
    ["configuration", {
      routes: [{ path: "/", serviceTime: { lognorml: {} } }],
    }],
    ["configuration", { routes: [{ path: "/", delay: "5 parsecs" }] }],
    ["configuration", { server: { port: 70_000 } }],
    ["configuration", {
      plugins: { limiter: { pools: { db: { queue: "endless" } } } },
    }],
    ["load", { scenarios: { a: { executor: "arrival-rat" } } }],
    ["load", { scenarios: { a: { executor: "replay", trace: { file: 7 } } } }],
    ["find", { page: { url: "/", cache: "hot" } }],
  ];
  for (const [kind, value] of wrong) {
    ok(!compiled(schemas[kind])(value), JSON.stringify(value));
  }
});

Deno.test("Each file can name its JSON Schema for editors by $schema and by a comment", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files: Record<string, string> = {
      "config.yaml":
        "$schema: ./a.json\nroutes: [ { path: /, serviceTime: 5ms } ]\n",
      "config.json":
        '{ "$schema": "./a.json", "routes": [ { "path": "/", "serviceTime": "5ms" } ] }\n',
      "load.yaml":
        "# yaml-language-server: $schema=./load.json\n$schema: ./load.json\nscenarios: { a: { executor: arrival-rate, rate: 1/s, duration: 1s, requests: [ { path: / } ] } }\n",
      "find.yaml":
        "# yaml-language-server: $schema=./find.json\n$schema: ./find.json\npage: { url: /shop }\n",
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, text);
      const { status, out, err } = await cli("check", `${folder}/${name}`);
      equal(status, 0, `${name}: ${out}${err}`);
      match(out, /^OK /m);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
