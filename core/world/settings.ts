/**
 * Everything a user wrote, read: which plugins are on, what they contribute, and every setting, validated all at once.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  configJsonSchema,
  createConfigSchema,
  deepFreeze,
  OWN_ROUTE_KEYS,
  type PerfmockConfig,
  type RouteKey,
  toPointer,
  validate,
  validateConfig,
  type Validation,
} from "../config/mod.ts";
import { DistributionParser } from "../distribution/mod.ts";
import { type ErrorCode, type Issue, PerfmockError } from "../errors.ts";
import type { Distribution, Family, Kit, Plugin, Schema } from "../plugin.ts";
import { gather } from "./contributions.ts";
import {
  addGiven,
  coded,
  type CodedIssue,
  type LoadedPlugin,
  loadPlugins,
} from "./plugin_loader.ts";
import { arrange } from "./registry.ts";

/** The table of built-in plugins. */
export interface BuiltinPlugins {
  /** The plugins by name, in the order in which they are set up. */
  readonly plugins: Readonly<Record<string, Plugin>>;
  /** URL of the module that exports them as `BUILTIN`, for threads. */
  readonly module: string;
}

/** A configuration as written. */
export interface SettingsInput {
  /** What was written. */
  readonly value: unknown;
  /** Where relative paths start from, with a trailing slash. */
  readonly folder: URL;
  /** The built-in plugins, on without being named. */
  readonly builtin: BuiltinPlugins;
  /** Plugins beyond the built-in ones that are on without being named. */
  readonly plugins: readonly Plugin[];
}

/** A plugin with its options parsed. */
export interface ConfiguredPlugin extends LoadedPlugin {
  /** What its schema made of its options. */
  readonly parsed: unknown;
}

/** A configuration, read. */
export interface Settings {
  /** What was read, a copy: nobody else can change it. */
  readonly input: SettingsInput;
  /** Complete and frozen. */
  readonly config: PerfmockConfig;
  /** The routes as written. */
  readonly written: readonly Readonly<Record<string, unknown>>[];
  /** What a user should know. */
  readonly warnings: readonly Issue[];
  /** In the order in which they are to be set up. */
  readonly plugins: readonly ConfiguredPlugin[];
  /** The route keys that each plugin reads, by its name. */
  readonly routeKeys: ReadonlyMap<string, readonly string[]>;
  /** The types that settings are made of. */
  readonly kit: Kit;
  /** The distribution families, by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Compiles a distribution as written. */
  readonly parse: (value: unknown) => Validation<Distribution>;
  /** What further configurations with the same plugins and contributions can be read by. */
  readonly ground: Ground;
}

/** What is known once the plugins are loaded: schemas take longer to make than to use. */
export interface Ground {
  /** What it depends on, as text. */
  readonly key: string;
  /** In the order of their setup. */
  readonly plugins: readonly LoadedPlugin[];
  /** Compiles distributions. */
  readonly parser: DistributionParser;
  /** The plugins' route keys, by key. */
  readonly routeKeys: ReadonlyMap<string, RouteKey>;
  /** What is wrong with the plugins. */
  readonly faults: readonly CodedIssue[];
  /** The schema of the whole, once it was needed. */
  schema?: Schema<PerfmockConfig>;
  /** The schemas of the plugins' options, as far as they were needed. */
  readonly optionSchemas: Map<Plugin, Schema>;
}

/**
 * Reads a configuration.
 *
 * @param given as a user wrote it, and where it stands
 * @param known the ground of a configuration before it: taken where this one has the same plugins and contributions. Files that
 * profiles name are not read again then
 * @throws PerfmockError with all faults; its code is `CONFIG_INVALID`, or that of the plugins' faults where there are no others
 */
export async function readSettings(
  given: SettingsInput,
  known?: Ground,
): Promise<Settings> {
  // A copy: what is frozen below must not be the caller's.
  const input = { ...given, value: copy(given.value) };
  const ground = (known && sameGround(known, input)) ?? await layGround(input);
  const { plugins, parser, routeKeys } = ground;
  const { kit, families } = parser;
  const faults: CodedIssue[] = [...ground.faults];
  const add = (issues: readonly Issue[]) =>
    faults.push(
      ...issues.map((issue) => ({ code: "CONFIG_INVALID", issue } as const)),
    );

  ground.schema ??= createConfigSchema({ kit, routeKeys });
  const result = validateConfig(input.value, { kit, schema: ground.schema });
  add(
    ground.faults.length === 0
      ? result.issues ?? []
      : withoutConsequences(result.issues ?? []),
  );
  const profiles = parser.profileFindings();
  add(profiles.issues);
  const warnings = [...profiles.warnings];
  const configured = plugins.map((entry): ConfiguredPlugin => {
    const path = toPointer(["plugins", entry.key]);
    // What is no object was reported by the configuration's own schema.
    const options = typeof entry.options === "object" ? entry.options : {};
    let schema: Schema;
    try {
      schema = optionSchemaOf(entry.plugin, ground);
    } catch (error) {
      faults.push(unsaid(entry, "options", error));
      return { ...entry, parsed: undefined };
    }
    const parsed = validate(schema, options, path);
    if (parsed.issues !== undefined) {
      add(parsed.issues);
      return { ...entry, parsed: undefined };
    }
    warnings.push(...parser.warningsIn(parsed.value, path));
    return { ...entry, parsed: parsed.value };
  });
  if (result.issues === undefined) {
    warnings.push(...parser.warningsIn(
      result.value.routes.map(({ plugins, wire }) => ({ ...plugins, wire })),
      "/routes",
    ));
  }
  if (faults.length > 0 || result.issues !== undefined) throw refusal(faults);
  return {
    input,
    config: deepFreeze(result.value),
    written: writtenRoutes(input.value),
    warnings: unique(warnings),
    plugins: configured,
    routeKeys: keysByPlugin(routeKeys),
    kit,
    families,
    parse: (value) => parser.parse(value),
    ground,
  };
}

function optionSchemaOf(
  plugin: Plugin,
  { optionSchemas, parser: { kit } }: Ground,
): Schema {
  let schema = optionSchemas.get(plugin);
  if (schema === undefined) {
    schema = plugin.options?.(kit) ?? kit.z.strictObject({});
    optionSchemas.set(plugin, schema);
  }
  return schema;
}

/** The known ground with this configuration's options, where they change nothing else of it. */
function sameGround(known: Ground, input: SettingsInput): Ground | undefined {
  if (known.faults.length > 0) return undefined;
  const entries = entriesIn(input);
  const plugins = known.plugins.map((entry): LoadedPlugin => ({
    ...entry,
    options: (entries as Record<string, unknown> | undefined)?.[entry.key] ??
      {},
  }));
  return keyOf(input, plugins) === known.key
    ? { ...known, plugins }
    : undefined;
}

/** Which plugins are on, where files lie, and the options that contribute something. */
function keyOf(
  input: SettingsInput,
  plugins: readonly LoadedPlugin[],
): string {
  const entries = Object.entries(Object(entriesIn(input)) as object);
  return JSON.stringify([
    input.folder.href,
    entries.map(([key, options]) => [key, options === false]),
    plugins.map(({ plugin, options }) =>
      typeof plugin.contributes === "function" ? options : null
    ),
  ]);
}

function entriesIn({ value }: SettingsInput): unknown {
  return typeof value === "object" && value !== null
    ? Reflect.get(value, "plugins")
    : undefined;
}

/**
 * The types of settings that a configuration's families, profiles and folder make, whatever else is wrong with it.
 *
 * @param input as a user wrote it; plugins that are not there contribute nothing
 */
export async function readKit(input: SettingsInput): Promise<Kit> {
  return (await layGround(input)).parser.kit;
}

/**
 * The JSON Schema of the configuration, with all that its plugins bring.
 *
 * @throws PerfmockError where a plugin cannot be loaded
 */
export async function settingsSchema(
  input: SettingsInput,
): Promise<Record<string, unknown>> {
  const { plugins, parser, routeKeys, faults } = await layGround(input);
  if (faults.length > 0) throw refusal(faults);
  const { kit } = parser;
  return configJsonSchema({
    config: createConfigSchema({ kit, routeKeys }),
    plugins: plugins.map(({ key, plugin }) => ({
      key,
      schema: plugin.options?.(kit),
    })),
    families: [...parser.families.values()].map((family) => ({
      name: family.name,
      schema: parser.schemaOf(family),
    })),
  });
}

async function layGround(input: SettingsInput): Promise<Ground> {
  const { folder } = input;
  const entries = entriesIn(input);
  const available = addGiven(input.builtin.plugins, input.plugins);
  const loading = await loadPlugins(entries, folder, available.plugins);
  const { plugins, faults } = arrange(loading.plugins);
  const gathered = gather(plugins);
  const parser = new DistributionParser({
    families: gathered.families,
    profiles: gathered.profiles,
    folder: fileURLToPath(folder),
  });
  const { routeKeys, faults: keyFaults } = claimRouteKeys(plugins, parser.kit);
  return {
    key: keyOf(input, plugins),
    plugins,
    parser,
    routeKeys,
    optionSchemas: new Map(),
    faults: [
      ...available.faults,
      ...loading.faults,
      ...faults,
      ...gathered.faults,
      ...keyFaults,
    ],
  };
}

function claimRouteKeys(
  plugins: readonly LoadedPlugin[],
  kit: Kit,
): Pick<Ground, "routeKeys" | "faults"> {
  const routeKeys = new Map<string, RouteKey>();
  const faults: CodedIssue[] = [];
  for (const { key: place, plugin } of plugins) {
    let own: Record<string, Schema> = {};
    try {
      own = plugin.routeKeys?.(kit) ?? {};
    } catch (error) {
      faults.push(unsaid({ key: place, plugin }, "route keys", error));
    }
    for (const [key, schema] of Object.entries(own)) {
      const owner = OWN_ROUTE_KEYS.has(key)
        ? "perfmock itself"
        : routeKeys.get(key)?.plugin;
      if (owner === undefined) {
        routeKeys.set(key, { plugin: plugin.name, schema });
      } else {
        faults.push(coded("PLUGIN_INVALID", { key: place }, {
          message:
            `Plugin "${plugin.name}" reads the route key "${key}", which belongs to ${owner}`,
          value: key,
        }));
      }
    }
  }
  return { routeKeys, faults };
}

/** A plugin whose own code threw where it was asked for its schemas. */
function unsaid(
  { key, plugin }: Pick<LoadedPlugin, "key" | "plugin">,
  what: string,
  error: unknown,
): CodedIssue {
  const reason = error instanceof Error ? error.message : String(error);
  return coded("PLUGIN_INVALID", { key }, {
    message:
      `Plugin "${plugin.name}" cannot say what ${what} it has: ${reason}`,
  });
}

function keysByPlugin(
  routeKeys: ReadonlyMap<string, RouteKey>,
): Map<string, readonly string[]> {
  const keys = new Map<string, string[]>();
  for (const [key, { plugin }] of routeKeys) {
    keys.set(plugin, [...keys.get(plugin) ?? [], key]);
  }
  return keys;
}

/** Where a plugin is missing, what it would have brought is unknown: that is no fault of its own. */
function withoutConsequences(issues: readonly Issue[]): Issue[] {
  return issues.filter(({ path, message }) =>
    !(path.startsWith("/routes/") && message.startsWith("Unknown "))
  );
}

/** One error for all faults. */
function refusal(faults: readonly CodedIssue[]): PerfmockError {
  const codes = new Set<ErrorCode>(faults.map(({ code }) => code));
  const [first] = codes;
  const issues = unique(faults.map(({ issue }) => issue));
  return new PerfmockError(
    codes.size === 1 ? first : "CONFIG_INVALID",
    `Cannot use the configuration: ${issues.length} ${
      issues.length === 1 ? "fault" : "faults"
    }`,
    issues,
  );
}

/** A profile is read by the parser and by its plugin's schema: what both say is said once. */
function unique(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ path, message }) => {
    const key = `${path}\0${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function copy(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch (error) {
    throw new PerfmockError(
      "CONFIG_INVALID",
      "Cannot use the configuration: it holds something that is not data",
      [{
        path: "",
        message: error instanceof Error ? error.message : String(error),
        allowed: "what JSON can hold",
      }],
    );
  }
}

function writtenRoutes(value: unknown): Record<string, unknown>[] {
  const routes = Reflect.get(value as object, "routes");
  return Array.isArray(routes) ? routes : [];
}
