import type { Clock, Metrics } from "../../../core/plugin.ts";
import type { PushExporter } from "./exporter.ts";
import { Ledger } from "./ledger.ts";
import { nextTurn } from "./turns.ts";

/** What a {@linkcode KeptExporter} is made with. */
export interface KeptHost {
  /** What is exported. */
  readonly metrics: Metrics;
  /** The server's clock. */
  readonly clock: Pick<Clock, "now">;
}

/**
 * An exporter over all revisions of the configuration: one that is set up anew with the same settings goes on as it is; with
 * others, the old one delivers a last time before the new one begins, and what was delivered stays delivered. One that is
 * turned off delivers a last time; turned on again, it counts from then.
 */
export class KeptExporter<Exporter extends PushExporter>
  implements AsyncDisposable {
  /** What was delivered, whoever did. */
  readonly ledger: Ledger = new Ledger();
  /** Tells this counting from others, of this process and any other. */
  readonly id: string = crypto.randomUUID();
  readonly #host: KeptHost;
  #start: number;
  #settings: string | undefined;
  #exporter: Exporter | undefined;
  #changes: Promise<void> = Promise.resolve();

  /**
   * Makes one that is off.
   *
   * @param host gives what is exported, and the clock
   */
  constructor(host: KeptHost) {
    this.#host = host;
    this.#start = host.clock.now();
  }

  /** When counting began, in milliseconds of the server's clock. */
  get start(): number {
    return this.#start;
  }

  /** The one that delivers, or is about to; undefined where it is off. */
  get exporter(): Exporter | undefined {
    return this.#exporter;
  }

  /** Where it is off, takes all that happened so far as delivered, without holding the event loop. */
  async prepare(): Promise<void> {
    if (this.#exporter !== undefined) return;
    // The last delivery of the one before must not settle less than what is settled here.
    await this.#changes;
    this.#start = this.#host.clock.now();
    for (const _ of this.ledger.begin(this.#host.metrics.all())) {
      await nextTurn();
    }
  }

  /**
   * Lets an exporter with these settings deliver, once {@linkcode KeptExporter.prepare} has ended.
   *
   * @param settings JSON; what equals the present ones changes nothing
   * @param create makes the exporter
   */
  adopt(settings: unknown, create: () => Exporter): void {
    const written = JSON.stringify(settings);
    if (written === this.#settings) return;
    this.#settings = written;
    this.#change(create());
  }

  /** Turns it off. */
  end(): void {
    this.#settings = undefined;
    this.#change(undefined);
  }

  /** Delivers a last time. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    await this.#changes;
  }

  #change(exporter: Exporter | undefined): void {
    const before = this.#exporter;
    this.#exporter = exporter;
    this.#changes = this.#changes
      .then(() => before?.[Symbol.asyncDispose]())
      .then(() => {
        // A change may have followed meanwhile.
        if (this.#exporter === exporter) exporter?.start();
      });
  }
}
