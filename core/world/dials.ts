/**
 * Dials: values that can be changed while requests are in flight, over all revisions of one configuration.
 *
 * @module
 */
import { suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import type { Dial, DialAddress, Dials, HeldDial, KitType } from "../plugin.ts";

/** A dial and its address. */
export interface PlacedDial {
  /** Address of the dial. */
  readonly address: DialAddress;
  /** The dial itself. */
  readonly dial: Dial;
}

/** A held dial, and the value laid over it. */
interface Hold {
  readonly address: DialAddress;
  readonly holder: string;
  value: unknown;
}

/** The dials of a server or a session. */
export class DialBoard implements Dials {
  readonly #held = new Map<string, Hold>();
  #dials: ReadonlyMap<string, PlacedDial> = new Map();

  /** A revision takes over: the values of held dials are laid over its dials too, where it has them. */
  adopt(dials: readonly PlacedDial[]): void {
    for (const [key] of this.#held) this.#dials.get(key)?.dial.turn(undefined);
    this.#dials = new Map(
      dials.map((placed) => [keyOf(placed.address), placed]),
    );
    for (const [key, { value }] of this.#held) {
      if (value !== undefined) this.#dials.get(key)?.dial.turn(value);
    }
  }

  *list(): Generator<DialAddress> {
    for (const { address } of this.#dials.values()) yield address;
  }

  typeOf(address: DialAddress): KitType<unknown> | undefined {
    return this.#dials.get(keyOf(address))?.dial.type;
  }

  configured(address: DialAddress): unknown {
    return this.#dials.get(keyOf(address))?.dial.configured;
  }

  summaryOf(address: DialAddress): string | undefined {
    return this.#dials.get(keyOf(address))?.dial.summary;
  }

  /** Returns the name of the caller that holds a dial; undefined if nobody does. */
  holderOf(address: DialAddress): string | undefined {
    return this.#held.get(keyOf(address))?.holder;
  }

  hold(address: DialAddress, holder: string): HeldDial {
    const key = keyOf(address);
    if (!this.#dials.has(key)) throw this.#unknown(address);
    const taken = this.#held.get(key);
    if (taken !== undefined) {
      throw new PerfmockError(
        "DIAL_UNAVAILABLE",
        `Cannot turn ${inWords(address)}: ${taken.holder} holds it`,
      );
    }
    const hold: Hold = { address, holder, value: undefined };
    this.#held.set(key, hold);
    return {
      turn: (value) => {
        if (this.#held.get(key) !== hold) return;
        hold.value = value;
        this.#dials.get(key)?.dial.turn(value);
      },
      release: () => {
        if (this.#held.get(key) !== hold) return;
        this.#held.delete(key);
        this.#dials.get(key)?.dial.turn(undefined);
      },
    };
  }

  #unknown(address: DialAddress): PerfmockError {
    const all = [...this.#dials.values()].map((placed) => placed.address);
    const same = all.filter(({ kind, of }) =>
      kind === address.kind && of === address.of
    );
    const [path, wrong, known] = same.length > 0
      ? ["/dial", address.dial, same.map(({ dial }) => dial)]
      : [
        `/${address.kind}`,
        address.of,
        [
          ...new Set(
            all.filter(({ kind }) => kind === address.kind).map(({ of }) => of),
          ),
        ],
      ];
    return new PerfmockError(
      "DIAL_UNAVAILABLE",
      `Cannot turn ${inWords(address)}: there is no such dial`,
      [{
        path,
        message: "There is no such dial",
        value: wrong,
        allowed: known.join(", ") || "nothing: there are no dials of this kind",
        suggestion: suggest(wrong, known),
      }],
    );
  }
}

function keyOf({ kind, of, dial }: DialAddress): string {
  return JSON.stringify([kind, of, dial]);
}

function inWords({ kind, of, dial }: DialAddress): string {
  return `${dial} of ${kind} "${of}"`;
}
