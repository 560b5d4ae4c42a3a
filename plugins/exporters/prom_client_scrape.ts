/**
 * Collects the metrics of plugin authors for one scrape: whatever one of them does, the others are told.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import type { OwnRegistry, PromMetric } from "./prom_client.ts";
import { type Family, familySlices } from "./prom_client_text.ts";
import type { ExpositionFormat } from "./prometheus_format.ts";
import type { Names } from "./prometheus_names.ts";
import { nextTurn } from "./prometheus_turn.ts";

/** How long the authors' own `collect` functions may take, all together, in milliseconds. */
const COLLECT_LIMIT = 1000;

/** What a scrape of plugin authors' metrics needs. */
export interface ForeignScrape {
  /** The metrics. */
  readonly registry: OwnRegistry;
  /** The format of the text. */
  readonly format: ExpositionFormat;
  /** The names that are taken already. */
  readonly names: Names;
  /** Limits the time. */
  readonly clock: Clock;
  /** Told of each metric that is left out, and why. */
  readonly omit: (metric: string, reason: string) => void;
}

/** The text of all metrics that can be told, in slices; the event loop turns between them. */
export async function* foreignSlices(
  { registry, format, names, clock, omit }: ForeignScrape,
): AsyncGenerator<string> {
  const deadline = clock.now() + COLLECT_LIMIT;
  const answers: [PromMetric, Promise<Family | Error>][] = [];
  for (const metric of registry.registered) {
    answers.push([metric, collect(metric)]);
    await nextTurn();
  }
  for (const [{ name, type }, answer] of answers) {
    const family = await before(clock, deadline, answer);
    if (family instanceof Error) {
      omit(name, family.message);
      continue;
    }
    // Checked when it was registered, but not against what perfmock and host.metrics have made since.
    const owner = names.claim(name, type);
    if (owner !== undefined) {
      omit(name, `its samples would be taken for those of "${owner}"`);
      continue;
    }
    try {
      const slices: string[] = [];
      const { defaultLabels } = registry;
      for (const slice of familySlices(family, format, defaultLabels)) {
        slices.push(slice);
        await nextTurn();
      }
      yield* slices;
    } catch (error) {
      omit(name, messageOf(error));
    }
  }
}

async function collect(metric: PromMetric): Promise<Family | Error> {
  try {
    return await metric.get();
  } catch (error) {
    return new Error(`its collect function failed: ${messageOf(error)}`);
  }
}

async function before(
  clock: Clock,
  deadline: number,
  answer: Promise<Family | Error>,
): Promise<Family | Error> {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const late = new Error(
    `its collect function took longer than ${COLLECT_LIMIT / 1000} s`,
  );
  const timer = clock.at(deadline, resolve, late);
  const first = await Promise.race([answer, promise]);
  clock.cancel(timer);
  return first;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
