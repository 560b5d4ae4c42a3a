/**
 * The pace of the whole backend: a factor on all draws, a delay, and a factor on the shares of all faults, each a dial. They are
 * combined with the dials of each route when one of them is turned, so that no request pays for it.
 *
 * @module
 */
import type { BackendSettings } from "../config/mod.ts";
import { addressOf } from "../control/backend_control.ts";
import type { RouteDials } from "../pipeline/exchange.ts";
import type { RouteFaults } from "../pipeline/faults.ts";
import type { Dial, Kit } from "../plugin.ts";
import type { PlacedDial } from "./dials.ts";

/** Dials of one route that the backend's are combined with. */
export class RoutePace {
  readonly #backend: BackendSettings;
  readonly #dials: RouteDials;
  readonly #faults: RouteFaults | undefined;
  #delay: number;
  #faultShare = 1;

  constructor(
    backend: BackendSettings,
    dials: RouteDials,
    faults: RouteFaults | undefined,
  ) {
    this.#backend = backend;
    this.#delay = dials.delay;
    this.#dials = dials;
    this.#faults = faults;
    this.combine();
  }

  /** The route's own delay, in ms. */
  set delay(value: number) {
    this.#delay = value;
    this.combine();
  }

  /** The route's own factor on the shares of its faults. */
  set faultShare(value: number) {
    this.#faultShare = value;
    this.combine();
  }

  /** Sets the route's values from its own and the backend's: factors are multiplied, delays added. */
  combine(): void {
    const { delay, faultShare, scale } = this.#backend;
    this.#dials.scale = scale;
    this.#dials.delay = this.#delay + delay;
    if (this.#faults !== undefined) {
      this.#faults.scale = this.#faultShare * faultShare;
    }
  }
}

/** Describes in words what the configuration's pace of the whole backend does to a route; empty where it does nothing. */
export function backendInWords(
  { scale, delay, faultShare }: BackendSettings,
): string[] {
  const words = [
    ...scale === 1 ? [] : [`service times × ${scale}`],
    ...delay === 0 ? [] : [`${delay} ms more`],
    ...faultShare === 1 ? [] : [`shares of faults × ${faultShare}`],
  ];
  return words.length === 0 ? [] : [`${words.join(", ")} (backend)`];
}

/** The backend of one revision. */
export class Backend {
  readonly #settings: BackendSettings;
  readonly #routes: RoutePace[] = [];
  readonly #pace: {
    -readonly [Key in keyof BackendSettings]: BackendSettings[Key];
  };

  /** @param settings values that hold while no dial is turned */
  constructor(settings: BackendSettings) {
    this.#settings = settings;
    this.#pace = { ...settings };
  }

  /** Values in force. */
  get pace(): Readonly<BackendSettings> {
    return this.#pace;
  }

  /** Adds a route. */
  route(dials: RouteDials, faults: RouteFaults | undefined): RoutePace {
    const pace = new RoutePace(this.#pace, dials, faults);
    this.#routes.push(pace);
    return pace;
  }

  /** The dials. A signal that turns one may pass through negative values, which count as 0. */
  dials(kit: Kit): PlacedDial[] {
    const dial = (
      name: keyof BackendSettings,
      type: Dial<number>["type"],
      summary: string,
    ): PlacedDial => {
      const turned: Dial<number> = {
        type,
        summary,
        turn: (value = this.#settings[name]) => {
          this.#pace[name] = Math.max(0, value);
          for (const route of this.#routes) route.combine();
        },
      };
      return { address: addressOf(name), dial: turned as Dial };
    };
    return [
      dial(
        "scale",
        kit.number({ above: 0 }),
        "Factor on the service times that all routes draw",
      ),
      dial("delay", kit.duration(), "Time that is added to each response"),
      dial(
        "faultShare",
        kit.number({ min: 0 }),
        "Factor on the shares of all faults",
      ),
    ];
  }
}
