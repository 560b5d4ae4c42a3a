/**
 * Pages of the reference on settings: the configuration, distributions, signals, load scripts and find scripts.
 *
 * @module
 */
import { configurationSchema, createServer } from "../../core/app.ts";
import { families } from "../../plugins/distributions/families.ts";
import { page, sentence } from "./markdown.ts";
import { isNode, type Node, SchemaTables } from "./schema_tables.ts";

/** Link of the pages for types that all settings share. */
const SHARED = {
  links: { Distribution: "[distribution](distributions.md)" },
  signals: "[signal](signals.md)",
};

const MADE = "the schemas of settings";

const UNITS =
  `A duration is a text with a unit (\`250us\`, \`120ms\`, \`1.5s\`, \`2m\`, \`1h\`) or a number of milliseconds; a rate is a text such as
\`400/s\` or \`30/m\` or a number per second; a size is a text such as \`64KiB\` or \`1GB\` or a number of bytes; a bandwidth is a text such as
\`1MiB/s\` or a number of bytes per second. An empty default means that nothing is set.`;

/** The pages, by file name. */
export async function settingsPages(): Promise<Record<string, string>> {
  const configuration = await configurationSchema();
  await using server = await createServer({}, {
    listen: false,
    log: () => {},
  });
  const load = await server.loadEngine.schema();
  const find = await server.finder.schema();
  const whole = (root: Node, title: string) =>
    new SchemaTables(root, SHARED).write(
      // The first table needs no description: the page has one.
      { ...root, description: undefined },
      "",
      title,
    );
  return {
    "configuration.md": page({
      title: "Reference: configuration",
      text:
        `Every key of the configuration. [configuration.md](../configuration.md) explains them with examples; \`perfmock schema\` prints the JSON
Schema, with the same words. Plugins of your own add their keys.

${UNITS}`,
      made: MADE,
      body: whole(configuration, "Top level"),
    }),
    "load_script.md": page({
      title: "Reference: load scripts",
      text:
        `Every key of a load script. [load_runs.md](../load_runs.md) explains runs; \`perfmock schema load\` prints the JSON Schema, with the same
words.

${UNITS}`,
      made: MADE,
      body: whole(load, "Top level"),
    }),
    "find_script.md": page({
      title: "Reference: find scripts",
      text:
        `Every key of a script of \`perfmock find\` and \`perfmock sweep\`. [find.md](../find.md) explains experiments; \`perfmock schema find\`
prints the JSON Schema, with the same words. A script has one of \`page\`, \`command\` and \`beacon\`.

${UNITS}`,
      made: MADE,
      body: whole(find, "Top level"),
    }),
    "distributions.md": distributionsPage(configuration),
    "signals.md": signalsPage(load),
  };
}

function distributionsPage(configuration: Node): string {
  const definitions = configuration.$defs as Record<string, Node>;
  const alternatives = definitions.Distribution.anyOf as Node[];
  const schemas = alternatives.at(-1)?.properties as Record<string, Node>;
  const body = families.map(({ name, summary, source }) => {
    const { description: _, ...schema } = schemas[name];
    const items = isNode(schema.items) ? schema.items : schema;
    const text = [
      summary === undefined ? "" : sentence(summary),
      source === undefined ? "" : `Source: ${sentence(source)}`,
      isNode(schema.items) ? "A list of parts:" : "",
    ].filter((part) => part !== "").join("\n\n");
    const tables = new SchemaTables(configuration, SHARED)
      .write(items, name === "mixture" ? "mixture[]" : name, name);
    return tables.replace(`## ${name}\n`, `## ${name}\n\n${text}\n`);
  }).join("\n");
  return page({
    title: "Reference: distributions",
    text:
      `Every family and combinator. A distribution is an object with one key, the family, such as \`{ lognormal: { median: 120ms, p99: 800ms } }\`;
its text form \`lognormal(median=120ms, p99=800ms)\`; a duration, which is constant; or the name of a profile.
[distributions.md](../distributions.md) explains sampling, \`explain\` and \`draw\`.`,
    made: `${MADE} and the families' own words`,
    body,
  });
}

function signalsPage(load: Node): string {
  const form = signalIn(load);
  if (form === undefined) throw new Error("No setting is a signal");
  const { description: _, ...schema } = form;
  return page({
    title: "Reference: signals",
    text:
      `A signal is a value as a function of time: a bare value, or an object with one key, the form, such as
\`{ ramp: { from: 10/s, to: 400/s, over: 30s } }\`. After its end it holds its last value. The values below are rates; other settings have
their own unit. \`perfmock preview\` draws a signal. Dials also take \`{ timeline: [ { at: 0s, value: … } ] }\` with values of any type.`,
    made: MADE,
    body: new SchemaTables(load, { ...SHARED, signals: "signal" })
      .write(schema, "signal", "Forms"),
  });
}

/** Finds the first object form of a signal in a schema. */
function signalIn(node: unknown): Node | undefined {
  if (Array.isArray(node)) {
    return node.map(signalIn).find((found) => found !== undefined);
  }
  if (!isNode(node)) return undefined;
  return String(node.description ?? "").startsWith("A signal, whose one key")
    ? node
    : signalIn(Object.values(node));
}
