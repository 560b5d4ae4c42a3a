/**
 * Adaptive search along one dial for the level at which a budget breaks, loads fail, the figure jumps, or its slope changes.
 *
 * Coarse levels come first, in random order, each twice. After them each load goes where it tells most about the question that has
 * had the fewest loads: into the likely places of a threshold, or to both sides of the bend.
 *
 * @module
 */
import type { CliffPoint, Estimate, FoundCliff } from "../../../core/find.ts";
import {
  findChange,
  fitSegments,
  type LevelFigure,
  type RobustFit,
} from "./piecewise.ts";
import { Scale, type ScaleOptions } from "./scale.ts";
import { medians } from "./summaries.ts";
import { Threshold } from "./threshold.ts";

/** Options of a search. It goes from the mildest level to the harshest one. */
export interface CliffOptions extends ScaleOptions {
  /** Largest allowed figure, in ms; undefined for none. */
  readonly limit?: number | undefined;
  /** Largest number of loads. */
  readonly loads: number;
  /** Confidence of the intervals and of the test for a bend, such as 0.95. */
  readonly confidence: number;
  /** Uniform random numbers between 0 and 1. */
  readonly next: () => number;
}

/** Outcome of a load. */
export interface CliffOutcome {
  /** Figure, in ms; undefined if the load gave none. */
  readonly figure: number | undefined;
  /** False if the load or one of its checks failed. */
  readonly ok: boolean;
}

/** Result of a search. */
export type Cliff = Pick<
  FoundCliff,
  "breaksAt" | "failsAt" | "bend" | "jump" | "points"
>;

/** Load that was made. */
interface Made extends CliffOutcome {
  readonly level: number;
  /** Place of the level on the scale. */
  readonly place: number;
}

/** Number of loads at each coarse level. */
const REPLICATES = 2;

/** Share of the loads that go to coarse levels. */
const COARSE = 0.4;

/** Largest number of coarse levels. */
const MOST_COARSE = 9;

/** Half-width, as a share of the way, of an interval that is narrow enough. */
const NARROW = 0.01;

/** Part of the deviations that a bend must explain to be looked at more closely. */
const PROMISING = 0.25;

/** Part of the deviations from a bend up to which a jump is looked at more closely. */
const JUMPING = 0.5;

/** A search. It asks for levels until it knows enough, or has had all its loads. */
export class CliffSearch {
  readonly #options: CliffOptions;
  readonly #scale: Scale;
  readonly #coarse: number[];
  readonly #made: Made[] = [];
  readonly #breaks = new Threshold();
  readonly #fails = new Threshold();
  /** Number of loads that were asked for by each question. */
  readonly #asked = { breaks: 0, fails: 0, change: 0 };

  constructor(options: CliffOptions) {
    this.#options = options;
    const { loads, next } = options;
    this.#scale = new Scale(options);
    const possible = Math.round(1 / this.#scale.step) + 1;
    const count = Math.max(
      2,
      Math.min(MOST_COARSE, possible, Math.floor(COARSE * loads / REPLICATES)),
    );
    const places = Array.from({ length: count }, (_, i) => i / (count - 1));
    this.#coarse = Array.from(
      { length: REPLICATES },
      () => shuffled(places, next),
    ).flat();
  }

  /** Returns the level of the next load; undefined if the search has ended. */
  nextLevel(): number | undefined {
    if (this.#made.length >= this.#options.loads) return undefined;
    const place = this.#coarse.shift() ?? this.#nextPlace();
    return place === undefined ? undefined : this.#scale.level(place);
  }

  #nextPlace(): number | undefined {
    const fit = fitSegments(this.#figures());
    const open = [
      ...this.#options.limit !== undefined && this.#isOpen(this.#breaks)
        ? ["breaks" as const]
        : [],
      ...this.#isOpen(this.#fails) ? ["fails" as const] : [],
      ...this.#isChangeOpen(fit) ? ["change" as const] : [],
    ];
    if (open.length === 0) return undefined;
    const question = open.reduce((fewest, other) =>
      this.#asked[other] < this.#asked[fewest] ? other : fewest
    );
    this.#asked[question]++;
    if (question === "change") return this.#placeForChange(fit);
    const threshold = question === "breaks" ? this.#breaks : this.#fails;
    // Not the median each time: places beside it show the width of the transition.
    return threshold.quantile(0.2 + 0.6 * this.#options.next());
  }

  /** Takes the outcome of a load into account. */
  add(level: number, outcome: CliffOutcome): void {
    const { limit } = this.#options;
    const { figure, ok } = outcome;
    const place = this.#scale.place(level);
    this.#made.push({ level, place, figure, ok });
    this.#fails.add(place, !ok);
    if (limit !== undefined) {
      // A page that never gets there is not in time.
      this.#breaks.add(place, figure === undefined || figure > limit);
    }
  }

  /** Returns what is known so far. */
  answer(): Cliff {
    const { limit, confidence, next } = this.#options;
    const { bend, jump } = findChange(this.#figures(), { confidence, next });
    return {
      breaksAt: limit === undefined ? null : this.#crossing(this.#breaks),
      failsAt: this.#crossing(this.#fails),
      bend: bend === undefined ? null : {
        at: this.#scale.levels(bend.at),
        ...this.#scale.slopes(bend.before, bend.after),
      },
      jump: jump === undefined
        ? null
        : { at: this.#scale.levels(jump.at), by: jump.by },
      points: this.#points(),
    };
  }

  #points(): CliffPoint[] {
    const { confidence, next } = this.#options;
    const levels = [...new Set(this.#made.map(({ level }) => level))]
      .sort((a, b) => a - b);
    const groups = levels.map((level) =>
      this.#made.filter((load) => load.level === level)
    );
    const figures = medians(
      groups.map((group) => group.flatMap(({ figure }) => figure ?? [])),
      levels,
      confidence,
      next,
    );
    return groups.map((group, i) => ({
      level: levels[i],
      figure: figures[i],
      loads: group.length,
      failed: group.filter(({ ok }) => !ok).length,
    }));
  }

  /** Figures by place. */
  #figures(): LevelFigure[] {
    return this.#made.flatMap(({ place, figure }) =>
      figure === undefined ? [] : [{ level: place, figure }]
    );
  }

  /** True if a threshold may be between the ends, and is not known closely enough. */
  #isOpen(threshold: Threshold): boolean {
    if (threshold.quantile(0.1) > 1 || threshold.quantile(0.9) < 0) {
      return false;
    }
    if (this.#options.whole === true) {
      const { low, high } = this.#scale.levels(this.#between(threshold));
      return high > low;
    }
    const { low, high } = this.#between(threshold);
    return high - low > 2 * NARROW;
  }

  /** Estimate of a threshold; null if it is more likely behind the last level. */
  #crossing(threshold: Threshold): Estimate | null {
    return this.#made.length === 0 || threshold.quantile(0.5) > 1
      ? null
      : this.#scale.levels(this.#between(threshold));
  }

  /** Place of a threshold with its interval. */
  #between(threshold: Threshold): Estimate {
    const tail = (1 - this.#options.confidence) / 2;
    const [value, low, high] = [0.5, tail, 1 - tail].map((probability) =>
      Math.max(0, Math.min(1, threshold.quantile(probability)))
    );
    return { value, low, high };
  }

  /** True if more loads would tell more about a bend or a jump. */
  #isChangeOpen(fit: RobustFit | undefined): boolean {
    if (fit === undefined || !isPromising(fit)) return true;
    // The bootstrap takes time: it is asked now and then.
    if (this.#made.length % 4 !== 0) return true;
    const { confidence, next } = this.#options;
    const { bend, jump } = findChange(this.#figures(), {
      confidence,
      next,
      samples: 99,
    });
    const at = bend?.at ?? jump?.at;
    if (at === undefined) return true;
    return at.high - at.low > (jump === undefined ? 4 : 2) * NARROW;
  }

  #placeForChange(fit: RobustFit | undefined): number {
    if (fit === undefined || !isPromising(fit)) return this.#emptiest();
    const { next } = this.#options;
    const { design: { levels }, segments, broken } = fit;
    if (
      broken !== undefined && broken.squares < JUMPING * segments.squares &&
      broken.high - broken.low > 1.5 * this.#scale.step
    ) return (broken.low + broken.high) / 2;
    const { at, before, after } = segments;
    const below = Math.max(...levels.filter((level) => level <= at));
    const above = Math.min(...levels.filter((level) => level >= at));
    // Around the bend, as far as it is uncertain; and at both ends, which hold the lines.
    const change = Math.abs(after - before);
    const error = 2 * fit.deviation / Math.sqrt(levels.length);
    // Without noise, two lines may differ by rounding errors only: then nothing is uncertain.
    const width = Math.max(above - below, error > 0 ? error / change : 0);
    const part = next();
    if (part < 0.5) return at + (2 * next() - 1) * width;
    return part < 0.75 ? at * next() : at + (1 - at) * next();
  }

  /** Place in the middle of the widest gap; the one with the fewest loads if there is no gap. */
  #emptiest(): number {
    const places = [...new Set(this.#made.map(({ place }) => place))]
      .sort((a, b) => a - b);
    const gaps = places.slice(1).map((place, i) => place - places[i]);
    const widest = Math.max(...gaps);
    if (widest > 1.5 * this.#scale.step) {
      return places[gaps.indexOf(widest)] + widest / 2;
    }
    const counts = places.map((place) =>
      this.#made.filter((load) => load.place === place).length
    );
    return places[counts.indexOf(Math.min(...counts))];
  }
}

function isPromising({ squares, lineSquares }: RobustFit): boolean {
  return lineSquares > 0 && squares < (1 - PROMISING) * lineSquares;
}

function shuffled(places: readonly number[], next: () => number): number[] {
  const order = [...places];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
