/**
 * Loads the plugins of a configuration, built-in ones by name, others by import, and gathers their contributions.
 *
 * @module
 */
import { refusalOf, suggest, toPointer } from "../config/mod.ts";
import type { ErrorCode, Issue } from "../errors.ts";
import { describeReturned, describeThrown, isThenable } from "../lib/thrown.ts";
import type { Awaitable, Contributions, Family, Plugin } from "../plugin.ts";
import { withinLimit } from "../lib/time/mod.ts";
import { importReason } from "./import_errors.ts";

/** A plugin with its place in the configuration. */
export interface LoadedPlugin {
  /** Key in `plugins`: a built-in name, a path or a specifier. */
  readonly key: string;
  /** Options as written. Default `{}`. */
  readonly options: unknown;
  /** The plugin itself. */
  readonly plugin: Plugin;
  /** URL of its module, as stacks show it; undefined for a built-in plugin, an object of a program and a package. */
  readonly origin?: string | undefined;
}

/** An issue with the error code that is used where all issues share it. */
export interface CodedIssue {
  /** The error code. */
  readonly code: ErrorCode;
  /** The issue. */
  readonly issue: Issue;
}

/** Result of loading the plugins. */
export interface Loading {
  /** Active plugins: built-in ones that the configuration does not name, then the others in its order. */
  readonly plugins: readonly LoadedPlugin[];
  /** One issue for each value that cannot be loaded or is no plugin. */
  readonly issues: readonly CodedIssue[];
}

/** Maximum time to load a plugin's module, in ms: a module that never finishes is named in the error. */
export const IMPORT_LIMIT = 30_000;

/** The version of the contract that this perfmock serves. */
const CONTRACT = 1;

/** Allowed properties of a plugin. The list is closed, so that a misspelt property does not fail in silence. */
const PROPERTIES: Readonly<Record<keyof Plugin, true>> = {
  name: true,
  version: true,
  summary: true,
  contract: true,
  options: true,
  routeKeys: true,
  scope: true,
  requires: true,
  contributes: true,
  setup: true,
};

const NAME = /^[a-z][a-z0-9_-]*$/;

/**
 * Loads the plugins of a configuration.
 *
 * @param entries the `plugins` part as written
 * @param folder the URL, ending in a slash, that relative paths start from
 * @param builtin the built-in plugins, by name
 */
export async function loadPlugins(
  entries: unknown,
  folder: URL,
  builtin: Readonly<Record<string, Plugin>>,
): Promise<Loading> {
  const plugins: LoadedPlugin[] = [];
  const issues: CodedIssue[] = [];
  // The schema reports `plugins` that is no object; the built-in plugins are then on with their defaults.
  const written = isRecord(entries) ? Object.entries(entries) : [];
  const named = new Set(written.map(([key]) => key));
  for (const [key, plugin] of Object.entries(builtin)) {
    if (!named.has(key)) plugins.push({ key, options: {}, plugin });
  }
  const refused = written.map(([key, options]) =>
    refusal(key, { folder, builtin, on: options !== false })
  );
  // No code runs for a configuration that is refused anyway.
  const refusals = refused.some((issue) => issue !== undefined);
  // In parallel, since each may read files; reported and ordered as written.
  const loaded = await Promise.all(
    written.map(([key, options], index): Awaitable<Loaded | undefined> => {
      if (options === false) return undefined;
      if (Object.hasOwn(builtin, key)) return { plugin: builtin[key] };
      const issue = refused[index];
      if (issue !== undefined) return { issues: [issue] };
      return refusals ? undefined : load(key, folder, builtin);
    }),
  );
  for (const [index, [key, options]] of written.entries()) {
    const result = loaded[index];
    if (result === undefined) continue;
    if ("plugin" in result) {
      plugins.push({ ...result, key, options: options ?? {} });
    } else issues.push(...result.issues);
  }
  return { plugins, issues };
}

/** Plugins that are active without being named. */
export interface Available {
  /** Usable plugins, by name. */
  readonly plugins: Readonly<Record<string, Plugin>>;
  /** Errors of values that are no plugin or share a name. */
  readonly issues: readonly CodedIssue[];
}

/** Adds the plugins that a program passed as objects to the built-in ones. */
export function addGiven(
  builtin: Readonly<Record<string, Plugin>>,
  given: readonly Plugin[],
): Available {
  const plugins = { ...builtin };
  const issues: CodedIssue[] = [];
  for (const plugin of given) {
    const key = nameOf(plugin);
    const read = readPlugin(plugin, key);
    if ("issues" in read) {
      issues.push(...read.issues);
      continue;
    }
    if (Object.hasOwn(plugins, key)) {
      issues.push(coded("PLUGIN_NAME_TAKEN", { key }, {
        message:
          `Two plugins that are on without being named are called "${key}"`,
        value: key,
        allowed: "a name of its own",
      }));
    } else plugins[key] = read.plugin;
  }
  return { plugins, issues };
}

/** Name of a value that may be no plugin. */
function nameOf(plugin: unknown): string {
  try {
    const name: unknown = Reflect.get(Object(plugin), "name");
    return typeof name === "string" ? name : describeReturned(name);
  } catch (error) {
    return describeThrown(error);
  }
}

type Loaded = Pick<LoadedPlugin, "origin" | "plugin"> | {
  readonly issues: readonly CodedIssue[];
};

/** Finds the plugins that may not be imported, without importing any. */
export function refusedPlugins(
  entries: unknown,
  folder: URL,
  builtin: Readonly<Record<string, Plugin>>,
): CodedIssue[] {
  const written = isRecord(entries) ? Object.entries(entries) : [];
  return written.flatMap(([key, options]) =>
    refusal(key, { folder, builtin, on: options !== false }) ?? []
  );
}

/** Reason why a plugin may not be imported, without importing it; undefined if it may. */
function refusal(
  key: string,
  { folder, builtin, on }: {
    readonly folder: URL;
    readonly builtin: Readonly<Record<string, Plugin>>;
    readonly on: boolean;
  },
): CodedIssue | undefined {
  if (Object.hasOwn(builtin, key)) return undefined;
  const path = toPointer(["plugins", key]);
  const from = locationOf(key, folder);
  if (/^https?:/i.test(from)) {
    return on
      ? {
        code: "PLUGIN_NOT_LOADED",
        issue: {
          path,
          message:
            `Cannot load plugin "${key}": plugins are not imported over http`,
          value: key,
          suggestion: "Download the file and name it by its path",
        },
      }
      : undefined;
  }
  const denied = refusalOf("plugins", from, () => !on);
  return denied && {
    code: "PLUGIN_NOT_LOADED",
    issue: { path, value: key, ...denied },
  };
}

/** URL that a plugin is imported from, as far as it is known beforehand: an import map may name any. */
function locationOf(key: string, folder: URL): string {
  const named = specifier(key, folder);
  try {
    return import.meta.resolve(named);
  } catch {
    return named;
  }
}

async function load(
  key: string,
  folder: URL,
  builtin: Readonly<Record<string, Plugin>>,
): Promise<Loaded> {
  const names = Object.keys(builtin);
  let module: unknown;
  try {
    module = await withinLimit(import(specifier(key, folder)), IMPORT_LIMIT);
  } catch (error) {
    return {
      issues: [{
        code: "PLUGIN_NOT_LOADED",
        issue: {
          path: toPointer(["plugins", key]),
          message: `Cannot load plugin "${key}": ${
            importReason(error, key, { own: specifier(key, folder), folder })
          }`,
          value: key,
          allowed: `a built-in plugin (${
            names.join(", ")
          }), a path that starts with "./", "../" or "/", or a specifier that starts with "file:", "npm:", "jsr:" or "data:"`,
          suggestion: adviceFor(key, error, names),
        },
      }],
    };
  }
  const read = readPlugin(isRecord(module) ? module.default : undefined, key);
  return "issues" in read ? read : { ...read, origin: originOf(key, folder) };
}

/** URL of the module of a path or a URL. */
function originOf(key: string, folder: URL): string | undefined {
  const name = specifier(key, folder);
  return /^(file|data|blob):/.test(name) ? name : undefined;
}

/**
 * Reads each member of a plugin once, so that no getter is called again later, and checks it. Functions are called on the plugin, so
 * that one written as a class works too.
 */
function readPlugin(value: unknown, key: string): Loaded {
  const read: Record<string, unknown> = {};
  try {
    if (isRecord(value)) {
      for (const name of [...Object.keys(value), ...Object.keys(PROPERTIES)]) {
        if (Object.hasOwn(read, name)) continue;
        const member = value[name];
        if (member === undefined) continue;
        read[name] = typeof member === "function"
          ? (...given: unknown[]) => Reflect.apply(member, value, given)
          : member;
      }
    }
  } catch (error) {
    return {
      issues: [coded("PLUGIN_INVALID", { key }, {
        message: `Cannot use plugin "${key}": it cannot be read: ${
          describeThrown(error)
        }`,
      })],
    };
  }
  const issues = inspect(isRecord(value) ? read : undefined, key);
  return issues.length > 0 ? { issues } : { plugin: read as unknown as Plugin };
}

/** Paths are relative to the configuration; bare names are looked up in the import map. */
function specifier(key: string, folder: URL): string {
  return /^\.{0,2}\//.test(key) ? new URL(key, folder).href : key;
}

/** True in the npm package, which is called "perfmock" alone. */
const IN_NPM = import.meta.url.includes("/node_modules/");

function adviceFor(
  key: string,
  error: unknown,
  builtin: readonly string[],
): string | undefined {
  const text = describeThrown(error);
  if (text.includes("@perfmock/perfmock")) {
    return IN_NPM
      ? 'import "perfmock/plugin"'
      : 'Map "@perfmock/perfmock" in the imports of the deno.json beside it, or import "jsr:@perfmock/perfmock/plugin"';
  }
  const meant = suggest(key, builtin);
  if (meant !== undefined) return meant;
  return !key.includes("/") && !key.includes(":") && /\.[cm]?[jt]sx?$/.test(key)
    ? `./${key}`
    : undefined;
}

/** Finds everything that keeps a value from being a plugin. */
function inspect(value: unknown, key: string): CodedIssue[] {
  const path = toPointer(["plugins", key]);
  const issues: CodedIssue[] = [];
  const issue = (message: string, more: Partial<Issue> = {}) => {
    issues.push({
      code: "PLUGIN_INVALID",
      issue: {
        path,
        message: `Cannot use plugin "${key}": ${message}`,
        ...more,
      },
    });
  };
  if (!isRecord(value)) {
    issue("its module has no default export that is a plugin object", {
      suggestion: "export default plugin",
    });
    return issues;
  }
  if (typeof value.name !== "string" || !NAME.test(value.name)) {
    issue("its name is missing or malformed", {
      value: value.name,
      allowed: "lower-case letters, digits, _ and -, starting with a letter",
    });
  }
  if (typeof value.version !== "string") {
    issue("its version is missing", {
      value: value.version,
      allowed: 'a string such as "1.0.0"',
    });
  }
  if (value.summary !== undefined && typeof value.summary !== "string") {
    issue('its "summary" is not a text', { value: value.summary });
  }
  if (value.contract !== undefined && value.contract !== CONTRACT) {
    issue("it was written for another version of the plugin contract", {
      value: value.contract,
      allowed: `${CONTRACT}`,
    });
  }
  if (!isListOfNames(value.requires ?? [])) {
    issue('its "requires" is not a list of names', { value: value.requires });
  }
  for (const property of ["options", "routeKeys", "setup"] as const) {
    if (
      value[property] !== undefined && typeof value[property] !== "function"
    ) {
      issue(`its "${property}" is not a function`, { value: value[property] });
    }
  }
  for (const property of Object.keys(value)) {
    if (Object.hasOwn(PROPERTIES, property)) continue;
    issue(`it has an unknown property "${property}"`, {
      value: property,
      allowed: Object.keys(PROPERTIES).join(", "),
      suggestion: suggest(property, Object.keys(PROPERTIES)),
    });
  }
  return issues;
}

function isListOfNames(value: unknown): boolean {
  return Array.isArray(value) &&
    value.every((name) => typeof name === "string");
}

/** Makes an issue of a plugin, at its place in the configuration. */
export function coded(
  code: ErrorCode,
  { key }: Pick<LoadedPlugin, "key">,
  issue: Omit<Issue, "path">,
): CodedIssue {
  return { code, issue: { path: toPointer(["plugins", key]), ...issue } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Contributions of all plugins to each other. */
export interface Gathering {
  /** Distribution families by name. */
  readonly families: ReadonlyMap<string, Family>;
  /** Named distributions as written, with their places. */
  readonly profiles: ReadonlyMap<string, GatheredProfile>;
  /** Errors of malformed contributions, and of names that two plugins contribute. */
  readonly issues: readonly CodedIssue[];
}

/** A named distribution. */
export interface GatheredProfile {
  /** Distribution as written. */
  readonly value: unknown;
  /** Place in the configuration, as a JSON Pointer. */
  readonly path: string;
}

/** Reads all contributions. */
export function gather(plugins: readonly LoadedPlugin[]): Gathering {
  const families = new Map<string, Family>();
  const profiles = new Map<string, GatheredProfile>();
  const issues: CodedIssue[] = [];
  for (const entry of plugins) {
    const { name } = entry.plugin;
    const issue = (message: string, value?: unknown) =>
      issues.push(coded("PLUGIN_INVALID", entry, { message, value }));
    const claim =
      <T>(kind: string, names: Map<string, T>) => (own: string, value: T) => {
        if (!names.has(own)) names.set(own, value);
        else {
          issue(
            `Plugin "${name}" contributes a ${kind} "${own}" that another plugin contributes already`,
            own,
          );
        }
      };
    const family = claim("family", families);
    const profile = claim("profile", profiles);
    try {
      const { contributes } = entry.plugin;
      const given = contributionsIn(
        typeof contributes === "function"
          ? contributes(entry.options)
          : contributes,
      );
      for (const offered of given.families ?? []) {
        if (isFamily(offered)) family(offered.name, offered);
        else {
          issue(
            `Plugin "${name}" contributes a family that lacks its name, or "parameters" or "create" as functions`,
            Reflect.get(Object(offered), "name"),
          );
        }
      }
      for (const [own, value] of Object.entries(given.profiles ?? {})) {
        const path = toPointer(["plugins", entry.key, "profiles", own]);
        profile(own, { value, path });
      }
    } catch (error) {
      issue(
        `Plugin "${name}" cannot tell its contributions: ${
          describeThrown(error)
        }`,
      );
    }
  }
  return { families, profiles, issues };
}

/** Checked at run time: a plugin may be plain JavaScript. */
function contributionsIn(given: unknown): Contributions {
  if (given === undefined) return {};
  if (isRecord(given) && !isThenable(given)) return given;
  throw new TypeError(
    `they must be an object, received ${describeReturned(given)}`,
  );
}

/** Checked at run time: a plugin may be plain JavaScript. */
function isFamily(value: unknown): value is Family {
  const family: Partial<Family> = Object(value);
  return typeof family.name === "string" &&
    /^[a-z][a-z0-9_-]*$/.test(family.name) &&
    typeof family.parameters === "function" &&
    typeof family.create === "function";
}
