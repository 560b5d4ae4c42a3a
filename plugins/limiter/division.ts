/**
 * Division of pools and rate limits among replicas that share nothing, and the price of it: several small pools let requests wait
 * before one while another is idle.
 *
 * @module
 */
import {
  type Issue,
  type Segment,
  segmentText,
  shareOf,
} from "../../core/plugin.ts";
import { type QueueFigures, queueFigures } from "./queueing.ts";
import type { PoolSettings } from "./settings.ts";

/** Utilisations of the whole at which the price is told where the load is not known. */
const UTILISATIONS: readonly number[] = [0.5, 0.8, 0.95];

/** Number of times at which a changing rate is evaluated to find its peak. */
const PEAK_SAMPLES = 1000;

/** Advice to those who cannot, or should not, divide a pool. */
const SHARED = 'shared: { "redis": "redis://…" } keeps one for all replicas';

/** Returns the share of a pool that a replica has. Its background, whose requests are dealt out one by one, stays whole. */
export function dividedPool(
  settings: PoolSettings,
  segment: Segment,
): PoolSettings {
  if (segment.count === 1) return settings;
  const { concurrency, queue, rateLimit } = settings;
  return {
    ...settings,
    concurrency: shareOf(concurrency, segment),
    queue: shareOf(queue, segment),
    rateLimit: rateLimit && {
      ...rateLimit,
      rate: rateLimit.rate / segment.count,
      burst: shareOf(rateLimit.burst, segment),
    },
  };
}

/** Returns the issues of a pool that is too small to be divided, paths relative to its settings. */
export function divisionIssues(
  name: string,
  { concurrency, rateLimit }: PoolSettings,
  segment: Segment,
): Issue[] {
  const { count } = segment;
  const issues: Issue[] = [];
  if (concurrency < count) {
    issues.push({
      path: "/concurrency",
      message: `Cannot divide pool "${name}" among ${count} replicas: it has ${
        counted(concurrency, "place")
      }, and each replica needs one`,
      value: concurrency,
      allowed: `at least ${count}, or at most ${
        counted(concurrency, "replica")
      }`,
      suggestion: SHARED,
    });
  }
  if (rateLimit !== undefined) {
    const { burst, cost } = rateLimit;
    const most = Math.floor(burst / cost);
    if (most < count) {
      issues.push({
        path: "/rateLimit/burst",
        message:
          `Cannot divide the rate limit of pool "${name}" among ${count} replicas: ${
            counted(burst, "token")
          } at once and ${cost} for each request leave a replica with too few for one`,
        value: burst,
        allowed: `at least ${cost * count}, or at most ${
          counted(most, "replica")
        }`,
        suggestion: SHARED,
      });
    }
  }
  return issues;
}

/** Loss and wait of one pool, and of the pools that it is divided into. */
export interface DivisionPrice {
  /** One pool for all. */
  readonly whole: QueueFigures;
  /** The pools of the replicas, each with the same share of the requests. */
  readonly divided: QueueFigures;
}

/**
 * Price of a division, for exponential service times and requests that are dealt out at random.
 *
 * @param pool numbers of places and of queued requests of the whole
 * @param offered λ·E[S] of the whole
 * @param count number of replicas
 */
export function priceOf(
  { concurrency, queue }: Pick<PoolSettings, "concurrency" | "queue">,
  offered: number,
  count: number,
): DivisionPrice {
  let lost = 0;
  let waited = 0;
  for (let index = 0; index < count; index++) {
    const { loss, wait } = queueFigures({
      servers: shareOf(concurrency, { index, count }),
      queue: shareOf(queue, { index, count }),
      offered: offered / count,
    });
    lost += loss / count;
    waited += (1 - loss) * wait / count;
  }
  return {
    whole: queueFigures({ servers: concurrency, queue, offered }),
    divided: { loss: lost, wait: waited / (1 - lost) },
  };
}

/** The price of a division in a sentence or two; undefined where nothing is divided. */
export function priceInWords(
  name: string,
  settings: PoolSettings,
  segment: Segment,
): Omit<Issue, "path"> | undefined {
  const { count } = segment;
  const { concurrency, rateLimit, background } = settings;
  if (count === 1) return undefined;
  const parts: string[] = [];
  if (concurrency < Infinity) {
    const share = shareOf(concurrency, segment);
    parts.push(
      `replica ${segmentText(segment)} has ${share} of its ${
        counted(concurrency, "place")
      }`,
      background === undefined
        ? atUtilisations(settings, count)
        : underBackground(settings, background, count),
      "that is for exponential service times and requests dealt out at random",
    );
  }
  if (rateLimit !== undefined) {
    const { rate, burst } = rateLimit;
    parts.push(
      `it lets ${short(rate / count)} of ${
        short(rate)
      } requests per second pass, ${
        shareOf(burst, segment)
      } of ${burst} at once, so that clients whose requests are not spread evenly are refused earlier`,
    );
  }
  return {
    message: `Pool "${name}" is divided among ${count} replicas: ${
      parts.join("; ")
    }`,
    suggestion: SHARED,
  };
}

function atUtilisations(settings: PoolSettings, count: number): string {
  const at = UTILISATIONS.map((utilisation) => {
    const price = priceOf(settings, utilisation * settings.concurrency, count);
    return `at ${short(utilisation * 100)} % utilisation ${
      compared(price, settings, (wait) => `${short(wait)} service times`)
    }`;
  });
  return at.join("; ");
}

function underBackground(
  settings: PoolSettings,
  { rate, serviceTime }: NonNullable<PoolSettings["background"]>,
  count: number,
): string {
  const peak = peakOf(rate);
  const { mean } = serviceTime;
  const price = priceOf(settings, peak * mean / 1000, count);
  return `under its background of ${short(peak)}/s alone ${
    compared(price, settings, (wait) => `${short(wait * mean)} ms`)
  }`;
}

/** Figures of the divided pool beside those of one, as far as the pool lets requests wait and refuses them. */
function compared(
  { whole, divided }: DivisionPrice,
  { queue }: Pick<PoolSettings, "queue">,
  format: (wait: number) => string,
): string {
  const of = (wait: number) => wait === Infinity ? "without end" : format(wait);
  return [
    ...queue === 0
      ? []
      : [`the mean wait is ${of(divided.wait)}, not ${of(whole.wait)}`],
    ...queue === Infinity
      ? []
      : [`${percent(divided.loss)} are refused, not ${percent(whole.loss)}`],
  ].join(", and ");
}

/** The highest rate of a signal, per second. */
function peakOf(
  rate: NonNullable<PoolSettings["background"]>["rate"],
): number {
  if (rate.constant || !(rate.end > 0)) return rate.at(0);
  const end = Math.min(rate.end, 24 * 3_600_000);
  let highest = 0;
  for (let sample = 0; sample <= PEAK_SAMPLES; sample++) {
    highest = Math.max(highest, rate.at(end * sample / PEAK_SAMPLES));
  }
  return highest;
}

function percent(share: number): string {
  return `${short(share * 100)} %`;
}

/** A number with two significant digits, or all digits before the point; less than a thousandth is 0. */
function short(value: number): string {
  if (value < 1e-3) return "0";
  return `${value >= 100 ? Math.round(value) : Number(value.toPrecision(2))}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
