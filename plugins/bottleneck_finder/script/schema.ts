/**
 * Schemas of scripts as users write them.
 *
 * @module
 */
import { refusalOf } from "../../../core/find.ts";
import type { Kit, RefinementContext, Schema } from "../../../core/plugin.ts";
import { BEACON_FIGURES } from "../probes/beacon.ts";
import { WALL_TIME } from "../probes/command.ts";
import { ALLOWED_FIGURES, readFigureName } from "../probes/figure_names.ts";

/** Longest time of a command where the script gives none, in ms. */
const COMMAND_TIMEOUT = 300_000;

/** A page as written. */
export interface WrittenPage {
  readonly url: string;
  readonly figure: string;
  readonly actions?: string | undefined;
  readonly timeout: number;
  readonly quiet: number;
  readonly ignore: readonly string[];
  readonly cache: "cold" | "warm";
  readonly cpu?: number | undefined;
  readonly executable?: string | undefined;
}

/** A command as written. */
export interface WrittenCommand {
  readonly run: string;
  readonly figure: string;
  readonly timeout: number;
}

/** A beacon as written. */
export interface WrittenBeacon {
  readonly figure: string;
  readonly url?: string | undefined;
  readonly timeout: number;
}

/** A cliff as written; its levels are parsed by the dial's type. */
export interface WrittenCliff {
  readonly route?: string | undefined;
  readonly pool?: string | undefined;
  readonly backend?: string | undefined;
  readonly dial: string;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly loads: number;
}

/** A script as written, with its units read. */
export interface Written {
  readonly page?: WrittenPage | undefined;
  readonly command?: WrittenCommand | undefined;
  readonly beacon?: WrittenBeacon | undefined;
  readonly routes?:
    | readonly string[]
    | Readonly<
      Record<string, { readonly delay?: number; readonly speedup?: number }>
    >
    | undefined;
  readonly origins?:
    | readonly string[]
    | Readonly<Record<string, { readonly delay?: number }>>
    | undefined;
  readonly budget?: number | Readonly<Record<string, number>> | undefined;
  readonly perturbation: number;
  readonly loads: number;
  readonly duration: number;
  readonly precision: number;
  readonly confidence: number;
  readonly seed?: number | string | undefined;
  readonly cliffs: readonly WrittenCliff[];
  readonly factors: readonly number[];
  readonly repeats: number;
}

/** Makes the schema of a script. */
export function scriptSchema(kit: Kit): Schema<Written> {
  const { z, worded } = kit;
  const change = z.strictObject(worded({
    delay: kit.duration({ min: 1 }).optional(),
    speedup: kit.duration({ min: 1 }).optional(),
  }, {
    delay: "Time that is added to the route. Default: perturbation",
    speedup: "Time that is taken away from the route. Default: perturbation",
  }));
  const floor = z.strictObject(worded({
    delay: kit.duration({ min: 1 }).optional(),
  }, {
    delay: "Shortest time that the requests take. Default: perturbation",
  }));
  const time = kit.duration({ above: 0 });
  const root = z.strictObject(worded({
    // Tells editors where the JSON Schema is; perfmock ignores it.
    $schema: z.string().optional(),
    page: pageSchema(kit).optional(),
    command: commandSchema(kit).optional(),
    beacon: z.strictObject(worded({
      figure: z.string().refine((text) => BEACON_FIGURES.includes(text), {
        error: "Pages do not send this figure",
        params: { allowed: BEACON_FIGURES.join(", ") },
      }).default("LCP"),
      url: z.string().refine(isPageUrl, {
        error: "A page has a URL, or a path of this server",
        params: {
          allowed: "http://localhost:5173/shop, or /shop",
        },
      }).optional(),
      timeout: time.default(120_000),
    }, {
      figure: "Figure that pages report, such as LCP",
      url: "URL of the page, without query and fragment. Default: any page",
      timeout: "Longest wait for a report",
    })).optional(),
    routes: z.union([
      z.array(z.string().min(1)).min(1),
      z.record(z.string().min(1), change).refine(isFilled, NOTHING),
    ]).optional(),
    origins: z.union([
      z.array(pattern(kit)).min(1),
      z.record(pattern(kit), floor).refine(isFilled, NOTHING),
    ]).optional(),
    budget: z.union([
      time,
      z.record(z.string().min(1), time).refine(isFilled, NOTHING),
    ]).optional(),
    perturbation: kit.duration({ min: 1 }).default(100),
    loads: kit.integer({ min: 1, max: 1_000_000 }).default(400),
    duration: time.default(1_800_000),
    precision: kit.number({ above: 0, max: 10 }).default(0.1),
    confidence: kit.number({ min: 0.5, max: 0.999 }).default(0.95),
    seed: z.union([kit.integer(), z.string().min(1)]).optional(),
    cliffs: z.array(z.strictObject(worded({
      route: z.string().min(1).optional(),
      pool: z.string().min(1).optional(),
      backend: z.string().min(1).optional(),
      dial: z.string().min(1),
      from: z.unknown().optional(),
      to: z.unknown().optional(),
      loads: kit.integer({ min: 6, max: 10_000 }).default(30),
    }, {
      route: "Id of the route whose dial is turned",
      pool: "Name of the pool whose dial is turned, in place of a route",
      backend: "The whole backend, all, in place of a route",
      dial: "Name of the dial",
      from: "First level, as the dial's values are written",
      to: "Last level",
      loads: "Maximum number of loads of this search",
    }))).default([]),
    factors: z.array(kit.number({ min: 1, max: 1000 })).min(1)
      .default([1, 2, 4, 8]),
    repeats: kit.integer({ min: 1, max: 1000 }).default(5),
  }, {
    $schema:
      "Path or URL of this JSON Schema, for editors; perfmock ignores it",
    page: "Page that is loaded in Chromium",
    command:
      "Command line, alone or with its figure and its time-out: the figure is its wall time, or a number that it prints",
    beacon: "Pages that somebody else opens, whose figures arrive by report",
    routes:
      "Routes that are changed: a list of ids, or changes by id. Default: all that the page calls",
    origins:
      "URL patterns of other servers whose requests are slowed, a list or changes by pattern. Default: none",
    budget: "Largest allowed figure, alone or by its name. Default: none",
    perturbation:
      "Time that is added to routes, and taken away where they take as long",
    loads: "Hard limit of loads, all included",
    duration: "Hard limit of time",
    precision: "Half-width at which the interval of a slope is narrow enough",
    confidence: "Confidence of all intervals",
    seed: "Seed of the plan. Default: the configuration's",
    cliffs: "Searches for the level of a dial at which the page breaks",
    factors: "Factors of a sweep on the response times",
    repeats: "Number of loads of each point of a sweep",
  }));
  // A cast, since zod's output type has no place for the numbers that units are read to.
  return root as unknown as Schema<Written>;
}

/** The error of an object without a key. */
const NOTHING = {
  error: "This has no key",
  params: { allowed: "at least one key, or leave it out" },
};

function isFilled(record: object): boolean {
  return Object.keys(record).length > 0;
}

function pageSchema(kit: Kit) {
  const { z, worded } = kit;
  return z.strictObject(worded({
    url: z.string().refine(isPageUrl, {
      error: "A page has a URL, or a path of this server",
      params: {
        allowed: "http://localhost:5173/shop, or /shop",
      },
    }).superRefine(kit.beyond("targets", hostOf)),
    figure: z.string().superRefine(isFigure).default("LCP"),
    actions: z.string().min(1).superRefine(runsCode("a module of its own"))
      .optional(),
    timeout: kit.duration({ above: 0 }).default(30_000),
    quiet: kit.duration().default(500),
    ignore: z.array(pattern(kit)).default([]),
    cache: z.enum(["cold", "warm"]).default("cold"),
    cpu: kit.number({ above: 1, max: 20 }).optional(),
    executable: z.string().min(1)
      .superRefine(runsCode("a browser of its own")).optional(),
  }, {
    url: "URL of the page, or a path of the server that runs the script",
    figure: "Figure: LCP, INP, TTFB, FCP, measure:NAME or selector-visible:CSS",
    actions:
      "Module whose default export, async (page) => { … }, acts on Playwright's page. Default: none",
    timeout: "Longest time of a load",
    quiet: "Time without requests and changes after which the page has settled",
    ignore: "URL patterns that the page settles without, such as long polls",
    cache: "Browser's cache: cold, or warm as after a load just before",
    cpu:
      "Factor by which the page's processor is slowed as a further variable. Default: none",
    executable: "Path of Chromium. Default: found",
  })).superRefine(({ figure, actions }, context) => {
    if (figure !== "INP" || actions !== undefined) return;
    context.addIssue({
      code: "custom",
      path: ["actions"],
      message: "INP needs actions: without an input there is no interaction",
      params: { allowed: "the path of a module that acts on the page" },
    });
  });
}

function commandSchema(kit: Kit) {
  const { z, worded } = kit;
  const run = z.string().min(1).superRefine(runsCode("a command"));
  const timeout = kit.duration({ above: 0 }).default(COMMAND_TIMEOUT);
  return z.union([
    run.transform((run) => ({
      run,
      figure: WALL_TIME,
      timeout: COMMAND_TIMEOUT,
    })),
    z.strictObject(worded({
      run,
      figure: z.string().refine(
        (text) => text === WALL_TIME || text.startsWith("/"),
        {
          error:
            "The figure of a command is its wall time, or a number in the JSON that it prints",
          params: { allowed: `${WALL_TIME}, or a JSON Pointer such as /time` },
        },
      ).default(WALL_TIME),
      timeout,
    }, {
      run: "Command line, for a shell; PERFMOCK_URL has the server's URL",
      figure:
        "JSON Pointer to a number in the JSON that the command prints, or its wall time",
      timeout: "Longest time of a run",
    })),
  ]);
}

/** Checks the figure of a page. */
function isFigure(text: string, context: RefinementContext): void {
  const read = readFigureName(text);
  if (!("issue" in read)) return;
  context.addIssue({
    code: "custom",
    message: read.issue,
    input: text,
    params: { allowed: ALLOWED_FIGURES },
  });
}

/** Makes a check of what the server would run as code: a call of the control API needs the power `plugins`. */
function runsCode(noun: string) {
  return (value: string, context: RefinementContext) => {
    const refusal = refusalOf("plugins", `bottleneck_finder\0${value}`);
    if (refusal === undefined) return;
    context.addIssue({
      code: "custom",
      message: `A call of the control API may not run ${noun}`,
      input: value,
      params: {
        allowed: 'anything if control.allow lists "plugins"',
        suggestion:
          'Start the server with control: { allow: ["plugins"] }, or run the script with perfmock find',
      },
    });
  };
}

/** Makes the type of URL patterns. */
function pattern({ z }: Kit) {
  return z.string().refine((text) => {
    try {
      new URLPattern(text);
      return true;
    } catch {
      return false;
    }
  }, {
    error: "Cannot read this as a URL pattern",
    params: { allowed: "such as https://cdn.example.com/*" },
  });
}

/** Base that paths are resolved against, to see whether they stay at their server. */
const SERVER = new URL("http://server.invalid/");

/** True for a path of this server; not for `//host`, `/\host` and the like, which a browser reads as the URL of another server. */
function isPath(text: string): boolean {
  return text.startsWith("/") &&
    URL.parse(text, SERVER)?.origin === SERVER.origin;
}

function isPageUrl(text: string): boolean {
  if (isPath(text)) return true;
  const url = URL.parse(text);
  return url !== null && ["http:", "https:"].includes(url.protocol);
}

/** Host that a page's URL names; undefined for a path, and for what is no URL of a page. */
function hostOf(text: string): string | undefined {
  return isPath(text) || !isPageUrl(text)
    ? undefined
    : URL.parse(text)?.hostname;
}
