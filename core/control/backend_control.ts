/**
 * The whole backend in the hands of the control API: its dials, and the preset that lies over the configuration. The values that a
 * call has set hold over all revisions, until another call takes them back.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { Dials, HeldDial } from "../plugin.ts";

/** Name under which the control API holds dials. */
const HOLDER = "the control API";

/** Names of the dials of the backend. */
const NAMES = ["scale", "delay", "faultShare", "preset"] as const;

/** Values that calls have set. */
export interface BackendPace {
  readonly scale?: number;
  readonly delay?: number;
  readonly faultShare?: number;
  /** True if a call has switched the preset. */
  readonly preset?: true;
}

/** A change of the backend's dials that is possible and has not been made yet. */
export interface PreparedPace {
  /** All values that calls have set, with the change. */
  readonly pace: BackendPace;
  /** Turns the dials. */
  commit(): void;
  /** Gives up. */
  discard(): void;
}

/** Values in force: those of dials, or the configuration's. */
export interface BackendValues {
  /** Factor on the drawn service times of all routes. */
  readonly scale: number;
  /** Time added to each response, in ms. */
  readonly delay: number;
  /** Factor on the shares of all faults. */
  readonly faultShare: number;
}

/** The backend of a world, as the control API moves it. */
export interface LiveBackend {
  /** Values in force. */
  readonly pace: BackendValues;
  /** Names of the presets of the configuration. */
  readonly presets: readonly string[];
  /** Name of the preset that lies over the configuration; undefined for none. */
  readonly preset: string | undefined;
  /** All dials, and the holders of those that are held. */
  readonly dials: Dials & {
    holderOf(address: BackendAddress): string | undefined;
  };
  /**
   * Turns dials, and lays a preset over the configuration in place of the present one, after the changes before.
   *
   * @param prepare returns the turn of the dials, or throws
   * @param preset name of the preset; null for none, undefined to leave it
   * @throws PerfmockError with all errors; nothing is changed then
   */
  changeBackend(
    prepare: () => PreparedPace,
    preset: string | null | undefined,
  ): Promise<void>;
}

/** Address of a dial of the backend. */
export type BackendAddress = ReturnType<typeof addressOf>;

/** Returns the address of a dial of the backend: there is one backend. */
export function addressOf(dial: string) {
  return { kind: "backend", of: "all", dial } as const;
}

/** A change of the backend: null takes a value back. */
export type BackendChange =
  & {
    readonly [Key in keyof BackendValues]?: number | null | undefined;
  }
  & { readonly preset?: string | null | undefined };

/** The backend as the control API describes it. */
export interface BackendDescription extends BackendValues {
  /** Name of the preset that lies over the configuration; null for none. */
  readonly preset: string | null;
  /** Names of all presets. */
  readonly presets: readonly string[];
  /** Holders of the dials that are held, by dial: the control API, or a run. */
  readonly heldBy: Readonly<Record<string, string>>;
}

/** The dials of the backend that calls have set. */
export class BackendControl {
  readonly #live: LiveBackend;
  readonly #held = new Map<(typeof NAMES)[number], HeldDial>();
  #pace: BackendPace = {};
  /** Calls change one after another. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(live: LiveBackend) {
    this.#live = live;
  }

  /** Describes the backend. */
  describe(): BackendDescription {
    const { dials, pace, preset = null, presets } = this.#live;
    const { scale, delay, faultShare } = pace;
    const holders = NAMES.map((name) =>
      [name, dials.holderOf(addressOf(name))] as const
    );
    return {
      scale,
      delay,
      faultShare,
      preset,
      presets,
      heldBy: Object.fromEntries(
        holders.filter((entry): entry is typeof entry & [string, string] =>
          entry[1] !== undefined
        ),
      ),
    };
  }

  /**
   * Changes all that is named, or nothing.
   *
   * @throws PerfmockError `DIAL_UNAVAILABLE` if a run holds one of the dials, `ARGUMENT_INVALID` for an unknown preset, or with the
   * errors of the configuration
   */
  change(change: BackendChange): Promise<void> {
    const done = this.#last.then(() => this.#change(change));
    this.#last = done.catch(() => {});
    return done;
  }

  async #change(change: BackendChange): Promise<void> {
    const { preset } = change;
    const { presets } = this.#live;
    if (typeof preset === "string" && !presets.includes(preset)) {
      throw unknownPreset(preset, presets);
    }
    await this.#live.changeBackend(
      () => this.prepare(merged(this.#pace, change)),
      preset,
    );
  }

  /** Values that calls have set. */
  get pace(): BackendPace {
    return this.#pace;
  }

  /**
   * Takes hold of the dials that are to have values.
   *
   * @throws PerfmockError `DIAL_UNAVAILABLE` if a run holds one of them
   */
  prepare(pace: BackendPace): PreparedPace {
    const taken: (typeof NAMES)[number][] = [];
    const discard = () => {
      for (const name of taken) this.#release(name);
    };
    try {
      for (const name of NAMES) {
        if (pace[name] === undefined || this.#held.has(name)) continue;
        // The dial of presets is there with the first preset.
        if (name === "preset" && this.#live.presets.length === 0) continue;
        this.#hold(name);
        taken.push(name);
      }
    } catch (error) {
      discard();
      throw error;
    }
    return { pace, commit: () => this.#commit(pace), discard };
  }

  #commit(pace: BackendPace): void {
    this.#pace = pace;
    for (const name of NAMES) {
      if (pace[name] === undefined) this.#release(name);
      else if (name === "preset") this.#commitPreset();
      else this.#held.get(name)?.turn(pace[name]);
    }
  }

  /** Holds the dial of presets at the present one. It may have come with the change. */
  #commitPreset(): void {
    const { dials, preset, presets } = this.#live;
    const free = dials.holderOf(addressOf("preset")) === undefined;
    if (presets.length > 0 && free) this.#hold("preset");
    this.#held.get("preset")?.turn(preset);
  }

  #hold(name: (typeof NAMES)[number]): void {
    this.#held.set(name, this.#live.dials.hold(addressOf(name), HOLDER));
  }

  #release(name: (typeof NAMES)[number]): void {
    this.#held.get(name)?.release();
    this.#held.delete(name);
  }
}

/** The values that calls have set, with a change. */
function merged(pace: BackendPace, change: BackendChange): BackendPace {
  const values = NAMES.map((name) => {
    const value = change[name];
    if (value === undefined) return [name, pace[name]] as const;
    return [
      name,
      value === null ? undefined : name === "preset" ? true : value,
    ] as const;
  });
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** The error of a preset that does not exist. */
export function unknownPreset(
  name: string,
  names: readonly string[],
): PerfmockError {
  const suggestion = suggest(name, names);
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot switch to a preset "${name}"`,
    [{
      path: "/preset",
      message: `There is no preset "${name}"`,
      value: name,
      allowed: names.join(", ") || "nothing: the configuration has no presets",
      ...suggestion !== undefined && { suggestion },
    }],
  );
}
