/**
 * Reads a configuration: loads its plugins, gathers their contributions, and validates every setting.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import {
  configJsonSchema,
  type ConfigSchemas,
  createConfigSchema,
  createConfigSchemas,
  freezingSteps,
  fromPointer,
  invalidConfig,
  isCall,
  OWN_ROUTE_KEYS,
  type PerfmockConfig,
  type RouteKey,
  suggest,
  toPointer,
  validate,
  type Validation,
  validationSteps,
  warningSteps,
} from "../config/mod.ts";
import { inSlices } from "../lib/time/mod.ts";
import { DistributionParser } from "../distribution/mod.ts";
import type { ErrorCode, Issue, PerfmockError } from "../errors.ts";
import {
  describeReturned,
  isThenable,
  messageOfThrown,
} from "../lib/thrown.ts";
import { withTables } from "../lib/tables.ts";
import type { Distribution, Family, Kit, Plugin, Schema } from "../plugin.ts";
import type { Segment } from "../scale/segment.ts";
import { isSchema } from "./plugin_guard.ts";
import {
  addGiven,
  coded,
  type CodedIssue,
  gather,
  type LoadedPlugin,
  loadPlugins,
  refusedPlugins,
} from "./plugin_loader.ts";
import { arrange } from "./plugin_lifecycle.ts";
import { correctedNames, withWrittenPaths } from "./plugin_names.ts";
import { copySteps, withoutErrors, writtenRoutes } from "./written_settings.ts";

/** The table of built-in plugins. */
export interface BuiltinPlugins {
  /** The plugins by name, in the order in which they are set up. */
  readonly plugins: Readonly<Record<string, Plugin>>;
  /** URL of the module that exports them as `BUILTIN`, for threads. */
  readonly module: string;
}

/** A configuration as written. */
export interface SettingsInput {
  /** Configuration as written. */
  readonly value: unknown;
  /** Folder that relative paths start from, with a trailing slash. */
  readonly folder: URL;
  /** The built-in plugins, on without being named. */
  readonly builtin: BuiltinPlugins;
  /** Plugins beyond the built-in ones that are on without being named. */
  readonly plugins: readonly Plugin[];
  /** Name of the preset that lies over the configuration. Default none. */
  readonly preset?: string | undefined;
  /** Replica that the server is. Default: the only one. */
  readonly segment?: Segment | undefined;
}

/** A plugin with its options parsed. */
export interface ConfiguredPlugin extends LoadedPlugin {
  /** Options as its schema parsed them. */
  readonly parsed: unknown;
}

/** A configuration, read. */
export interface Settings {
  /** Copy of the configuration as written: no caller can change it. */
  readonly input: SettingsInput;
  /** Complete and frozen. */
  readonly config: PerfmockConfig;
  /** Routes as written. */
  readonly written: readonly Readonly<Record<string, unknown>>[];
  /** Index of each route in the configuration as written: they differ where whole routes were left out. */
  readonly routeIndices: readonly number[];
  /** Errors that left some of the configuration out; empty where all of it was read. */
  readonly issues: readonly CodedIssue[];
  /** Warnings for the configuration's author. */
  readonly warnings: readonly Issue[];
  /** Plugins in the order in which they are to be set up. */
  readonly plugins: readonly ConfiguredPlugin[];
  /** Route keys that each plugin reads, by its name. */
  readonly routeKeys: ReadonlyMap<string, readonly string[]>;
  /** Types that settings are made of. */
  readonly kit: Kit;
  /** Distribution families, by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Compiles a distribution as written. */
  readonly parse: (value: unknown) => Validation<Distribution>;
  /** Loaded plugins with their schemas, for the next configuration. */
  readonly pluginSet: PluginSet;
  /** Returns an error whose issues name the keys of plugins as they were written. */
  readonly asWritten: (error: unknown) => unknown;
}

/** Loaded plugins with their schemas and families: schemas take longer to make than to use. */
export interface PluginSet {
  /** Text of everything that the set depends on. */
  readonly key: string;
  /** Plugins in the order of their setup. */
  readonly plugins: readonly LoadedPlugin[];
  /** Compiles distributions. */
  readonly parser: DistributionParser;
  /** Route keys of the plugins, by key. */
  readonly routeKeys: ReadonlyMap<string, RouteKey>;
  /** Errors of the plugins. */
  readonly issues: readonly CodedIssue[];
  /** Schemas of the configuration and its routes, once they were needed. */
  schemas?: ConfigSchemas;
  /** Schemas of the plugins' options, as far as they were needed. */
  readonly optionSchemas: Map<Plugin, Schema>;
}

/** Appended where an error kept later checks from running. */
const MORE_MAY_FOLLOW =
  "more may follow, since the plugins could not be set up";

/**
 * Reads a configuration.
 *
 * Where only routes or core's own settings have errors, the settings that have them are left out and the rest is returned with
 * the errors in {@linkcode Settings.issues}: the caller builds it to find further errors, and then refuses all of it.
 *
 * @param given configuration as written
 * @param known plugin set of an earlier configuration: taken where this one has the same plugins and contributions. Files that
 * profiles name are not read again then
 * @throws PerfmockError with all errors; its code is `CONFIG_INVALID`, or that of the plugins' errors where there are no others
 */
export async function readSettings(
  given: SettingsInput,
  known?: PluginSet,
): Promise<Settings> {
  // A copy: the frozen configuration must not be the caller's.
  const input = { ...given, value: await inSlices(copySteps(given.value)) };
  const same = known && samePluginSet(known, input);
  if (same === undefined && known !== undefined && isCall()) {
    await checkBeforeImports(input, known);
  }
  const pluginSet = same ?? await loadPluginSet(input);
  const named = correctedNames(
    pluginSet.issues,
    input.value,
    input.builtin.plugins,
  );
  if (named === undefined) {
    return await withTables(() => readWith(pluginSet, input));
  }
  // Read as it was meant, to report the errors of the rest too.
  const meant = { ...input, value: named.corrected.value };
  const others = await loadPluginSet(meant);
  const asWritten = (error: unknown) =>
    withWrittenPaths(error, named.corrected);
  try {
    const settings = await withTables(() =>
      readWith(others, meant, named.issues)
    );
    return { ...settings, asWritten };
  } catch (error) {
    throw asWritten(error);
  }
}

/** @param misspelt errors of the plugins' names, which are put right in the input */
async function readWith(
  pluginSet: PluginSet,
  input: SettingsInput,
  misspelt: readonly CodedIssue[] = [],
): Promise<Settings> {
  const { parser, routeKeys } = pluginSet;
  const { kit, families } = parser;
  const schemas = pluginSet.schemas ??= createConfigSchemas({ kit, routeKeys });
  const validated = (value: unknown) =>
    inSlices(validationSteps(value, { kit, ...schemas }));
  const whole = await validated(input.value);
  const found = whole.issues ?? [];
  const options = readOptions(pluginSet);
  const profiles = parser.profileFindings();
  const issues: CodedIssue[] = [
    ...pluginSet.issues,
    ...invalid(
      pluginSet.issues.length === 0 ? found : withoutConsequences(found),
    ),
    ...invalid(profiles.issues),
    ...options.issues,
  ];
  const { value, routeIndices } = issues.length === 0
    ? { value: input.value, routeIndices: undefined }
    : await inSlices(
      withoutErrors(input.value, issues.map(({ issue }) => issue), routeKeys),
    );
  const result = issues.length === 0
    ? whole
    : value === undefined
    ? undefined
    : await validated(value);
  const read = result?.issues === undefined ? result?.value : undefined;
  const routes = read?.routes ?? [];
  const places = routeIndices ?? routes.map((_, index) => index);
  const warnings = apartFrom(issues, [
    ...await inSlices(warningSteps(input.value, {
      ...schemas,
      routeKeys,
      optionSchema: (key) => optionSchemaFor(key, pluginSet),
    })),
    ...profiles.warnings,
    ...options.warnings,
    ...await inSlices(distributionWarnings(routes, places, parser)),
  ]);
  if (read === undefined) {
    throw invalidSettings([...misspelt, ...issues], {
      complete: false,
      warnings,
    });
  }
  return {
    input,
    config: await inSlices(freezingSteps(read)),
    written: writtenRoutes(value),
    routeIndices: places,
    issues: [...misspelt, ...issues],
    warnings,
    plugins: options.plugins,
    routeKeys: keysByPlugin(routeKeys),
    kit,
    families,
    parse: (value) => parser.parse(value),
    pluginSet,
    asWritten: (error) => error,
  };
}

/** Leaves out duplicates, and warnings about values that have errors. */
function apartFrom(
  errors: readonly CodedIssue[],
  warnings: readonly Issue[],
): Issue[] {
  return unique(warnings).filter(({ path }) =>
    !errors.some(({ issue }) =>
      path === issue.path || path.startsWith(`${issue.path}/`)
    )
  );
}

/** Warnings of the distributions of routes, route by route. */
function* distributionWarnings(
  routes: PerfmockConfig["routes"],
  places: readonly number[],
  parser: DistributionParser,
): Generator<void, Issue[]> {
  const warnings: Issue[] = [];
  for (const [index, { plugins, wire }] of routes.entries()) {
    warnings.push(
      ...parser.warningsIn({ ...plugins, wire }, `/routes/${places[index]}`),
    );
    yield;
  }
  return warnings;
}

/**
 * Refuses a call's configuration before the code of its plugins runs, for every error that the plugins in force find. Unknown
 * names are left: a plugin to come may bring them.
 *
 * @throws PerfmockError with the errors
 */
async function checkBeforeImports(
  input: SettingsInput,
  known: PluginSet,
): Promise<void> {
  const { kit } = known.parser;
  const { routeKeys } = known;
  const schemas = known.schemas ??= createConfigSchemas({ kit, routeKeys });
  const found = await withTables(async () => {
    const steps = validationSteps(input.value, { kit, ...schemas });
    const { issues = [] } = await inSlices(steps);
    return [
      ...invalid(issues),
      ...readOptions(withOptions(known, input)).issues,
    ];
  });
  const { plugins } = addGiven(input.builtin.plugins, input.plugins);
  const issues = [
    ...refusedPlugins(entriesIn(input), input.folder, plugins),
    ...found.filter(({ issue }) => !issue.message.startsWith("Unknown ")),
  ];
  if (issues.length > 0) throw invalidSettings(issues, { complete: false });
}

/** Parses the options of each plugin. */
function readOptions(pluginSet: PluginSet) {
  const { parser, plugins } = pluginSet;
  const issues: CodedIssue[] = [];
  const warnings: Issue[] = [];
  const configured = plugins.map((entry): ConfiguredPlugin => {
    const path = toPointer(["plugins", entry.key]);
    // The configuration's own schema reports options that are no object.
    const options = typeof entry.options === "object" ? entry.options : {};
    try {
      const schema = optionSchemaOf(entry.plugin, pluginSet);
      const parsed = validate(schema, options, path);
      if (parsed.issues === undefined) {
        warnings.push(...parser.warningsIn(parsed.value, path));
        return { ...entry, parsed: parsed.value };
      }
      issues.push(...invalid(parsed.issues));
    } catch (error) {
      issues.push(noSchema(entry, "options", error));
    }
    return { ...entry, parsed: undefined };
  });
  return { plugins: configured, issues, warnings };
}

function invalid(issues: readonly Issue[]): CodedIssue[] {
  return issues.map((issue) => ({ code: "CONFIG_INVALID", issue }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Schema of the options of the plugin that a key of the configuration names; undefined where there is none. */
function optionSchemaFor(
  key: string,
  { plugins, optionSchemas }: PluginSet,
): Schema | undefined {
  const entry = plugins.find((entry) => entry.key === key);
  return entry && optionSchemas.get(entry.plugin);
}

function optionSchemaOf(
  plugin: Plugin,
  { optionSchemas, parser: { kit } }: PluginSet,
): Schema {
  let schema = optionSchemas.get(plugin);
  if (schema === undefined) {
    schema = plugin.options?.(kit) ?? kit.z.strictObject({});
    if (!isSchema(schema)) {
      throw new TypeError(
        `they must be a schema, received ${describeReturned(schema)}`,
      );
    }
    optionSchemas.set(plugin, schema);
  }
  return schema;
}

/** The known plugin set with this configuration's options, where they change nothing else of it. */
function samePluginSet(
  known: PluginSet,
  input: SettingsInput,
): PluginSet | undefined {
  if (known.issues.length > 0) return undefined;
  const same = withOptions(known, input);
  return keyOf(input, same.plugins) === known.key ? same : undefined;
}

/** A known plugin set with a configuration's options. */
function withOptions(known: PluginSet, input: SettingsInput): PluginSet {
  const entries = entriesIn(input);
  const plugins = known.plugins.map((entry): LoadedPlugin => ({
    ...entry,
    options: (entries as Record<string, unknown> | undefined)?.[entry.key] ??
      {},
  }));
  return { ...known, plugins };
}

/** Text of the plugins that are on, the folder of files, and the options that contribute something. */
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
 * Makes the types of settings from a configuration's families, profiles and folder, whatever else is wrong with it.
 *
 * @param input configuration as written; plugins that cannot be loaded contribute nothing
 */
export async function readKit(input: SettingsInput): Promise<Kit> {
  return (await loadPluginSet(input)).parser.kit;
}

/**
 * The JSON Schema of the configuration, with all that its plugins bring.
 *
 * @throws PerfmockError where a plugin cannot be loaded
 */
export async function settingsSchema(
  input: SettingsInput,
): Promise<Record<string, unknown>> {
  const { plugins, parser, routeKeys, issues } = await loadPluginSet(input);
  if (issues.length > 0) throw invalidSettings(issues);
  const { kit } = parser;
  return configJsonSchema({
    config: createConfigSchema({ kit, routeKeys }),
    plugins: plugins.map(({ key, plugin }) => ({
      key,
      summary: plugin.summary,
      schema: plugin.options?.(kit),
    })),
    families: [...parser.families.values()].map((family) => ({
      name: family.name,
      summary: family.summary,
      schema: parser.schemaOf(family),
    })),
  });
}

async function loadPluginSet(input: SettingsInput): Promise<PluginSet> {
  const { folder } = input;
  const entries = entriesIn(input);
  const available = addGiven(input.builtin.plugins, input.plugins);
  const loading = await loadPlugins(entries, folder, available.plugins);
  const { plugins, issues } = arrange(loading.plugins);
  const gathered = gather(plugins);
  const parser = new DistributionParser({
    families: gathered.families,
    profiles: gathered.profiles,
    folder: fileURLToPath(folder),
  });
  const { routeKeys, issues: keyIssues } = claimRouteKeys(plugins, parser.kit);
  return {
    key: keyOf(input, plugins),
    plugins,
    parser,
    routeKeys,
    optionSchemas: new Map(),
    issues: [
      ...available.issues,
      ...loading.issues,
      ...issues,
      ...gathered.issues,
      ...keyIssues,
    ],
  };
}

function claimRouteKeys(
  plugins: readonly LoadedPlugin[],
  kit: Kit,
): Pick<PluginSet, "routeKeys" | "issues"> {
  const routeKeys = new Map<string, RouteKey>();
  const issues: CodedIssue[] = [];
  for (const { key: place, plugin } of plugins) {
    let own: Record<string, Schema> = {};
    try {
      own = checkedKeys(plugin.routeKeys?.(kit) ?? {});
    } catch (error) {
      issues.push(noSchema({ key: place, plugin }, "route keys", error));
    }
    for (const [key, schema] of Object.entries(own)) {
      const owner = OWN_ROUTE_KEYS.has(key)
        ? "perfmock itself"
        : routeKeys.get(key)?.plugin;
      if (owner === undefined) {
        routeKeys.set(key, { plugin: plugin.name, schema });
      } else {
        issues.push(coded("PLUGIN_INVALID", { key: place }, {
          message:
            `Plugin "${plugin.name}" reads the route key "${key}", which belongs to ${owner}`,
          value: key,
        }));
      }
    }
  }
  return { routeKeys, issues };
}

/** Checked at run time: a plugin may be plain JavaScript. */
function checkedKeys(keys: unknown): Record<string, Schema> {
  if (
    !isRecord(keys) || isThenable(keys) || !Object.values(keys).every(isSchema)
  ) {
    throw new TypeError(
      `they must be schemas by name, received ${describeReturned(keys)}`,
    );
  }
  return keys as Record<string, Schema>;
}

/** The error of a plugin whose own code threw when it was asked for its schemas. */
function noSchema(
  { key, plugin }: Pick<LoadedPlugin, "key" | "plugin">,
  what: string,
  error: unknown,
): CodedIssue {
  return coded("PLUGIN_INVALID", { key }, {
    message: `Plugin "${plugin.name}" cannot tell its ${what}: ${
      messageOfThrown(error)
    }`,
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

/**
 * Leaves out unknown keys and names of routes, which a plugin that could not be loaded may have brought: but for those that are spelt
 * nearly as a known one.
 */
function withoutConsequences(issues: readonly Issue[]): Issue[] {
  return issues.filter(({ path, message, suggestion }) =>
    !(path.startsWith("/routes/") && message.startsWith("Unknown ")) ||
    suggestion !== undefined &&
      suggest(fromPointer(path).at(-1) ?? "", [suggestion]) !== undefined
  );
}

/** Makes one error of all issues. Unless they are complete, the message says that more may follow. */
export function invalidSettings(
  found: readonly CodedIssue[],
  { complete = true, warnings = [] }: {
    readonly complete?: boolean;
    readonly warnings?: readonly Issue[];
  } = {},
): PerfmockError {
  const codes = new Set<ErrorCode>(found.map(({ code }) => code));
  const [first] = codes;
  const issues = unique(found.map(({ issue }) => issue));
  return invalidConfig(issues, {
    code: codes.size === 1 ? first : "CONFIG_INVALID",
    note: complete ? undefined : MORE_MAY_FOLLOW,
    warnings,
  });
}

/** Leaves out duplicates: both the parser and its plugin's schema read a profile. */
function unique(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ path, message }) => {
    const key = `${path}\0${message}`;
    return !seen.has(key) && seen.add(key);
  });
}
