/**
 * The dial that switches presets. A dial turns at once, and a configuration takes time to build: the switch follows what the dial
 * shows.
 *
 * @module
 */
import { z } from "zod";
import { addressOf } from "../control/backend_control.ts";
import type { Dial, KitType } from "../plugin.ts";
import type { PlacedDial } from "./dials.ts";
import { NO_PRESET } from "./presets.ts";

/** Parts of a world that the switch moves. */
export interface PresetSwitchOptions {
  /** Returns the name of the preset that lies over the configuration; undefined for none, null if the world has ended. */
  present(): string | undefined | null;
  /** Lays a preset over the configuration; undefined for none. */
  switchTo(name: string | undefined): Promise<void>;
  /** Called when the dial shows another preset than the present one. */
  begun(): void;
  /** Takes the error of a switch; the present preset stays. */
  failed(error: unknown, name: string): void;
}

/** Switches to the preset that a dial shows. */
export class PresetSwitch {
  readonly #options: PresetSwitchOptions;
  #wanted: string | undefined;
  #switching: Promise<void> | undefined;
  #adopting = false;

  constructor(options: PresetSwitchOptions) {
    this.#options = options;
  }

  /** The switch that is under way; undefined if there is none. Never rejects. */
  get switching(): Promise<void> | undefined {
    return this.#switching;
  }

  /** A revision takes over, and with it `adopt` lays held values over its dials: the preset is the one that it was built with. */
  adopt(adopt: () => void): void {
    this.#adopting = true;
    try {
      adopt();
    } finally {
      this.#adopting = false;
    }
  }

  /** The dial of a configuration with these presets; none where it has no presets. */
  dials(names: readonly string[]): PlacedDial[] {
    if (names.length === 0) return [];
    const dial: Dial<string> = {
      type: z.enum([...names, NO_PRESET]) as unknown as KitType<string>,
      summary:
        "Name of the preset that is switched on; none for the configuration",
      turn: (name) => {
        if (this.#adopting) return;
        // A value of a former revision may name a preset that is gone.
        const known = name !== undefined && names.includes(name);
        this.#wanted = known ? name : undefined;
        const { begun, present } = this.#options;
        if (this.#wanted !== present()) begun();
        this.#switching ??= this.#follow();
      },
    };
    return [{ address: addressOf("preset"), dial: dial as Dial }];
  }

  async #follow(): Promise<void> {
    // Several turns at the same moment are followed once.
    await Promise.resolve();
    const { failed, present, switchTo } = this.#options;
    let name = this.#wanted;
    try {
      for (; present() !== null && name !== present(); name = this.#wanted) {
        await switchTo(name);
      }
    } catch (error) {
      if (present() !== null) failed(error, name ?? NO_PRESET);
    } finally {
      this.#switching = undefined;
    }
  }
}
