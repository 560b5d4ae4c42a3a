import type { Clock, Metrics } from "../../../core/plugin.ts";
import type { PushExporter } from "./exporter.ts";
import { Ledger } from "./ledger.ts";
import { nextTurn } from "./turns.ts";

/**
 * An exporter over all revisions of the configuration: one that is set up anew with the same settings goes on as it is; with
 * others, the old one delivers a last time before the new one begins, and what was delivered stays delivered.
 */
export class KeptExporter<Exporter extends PushExporter>
  implements AsyncDisposable {
  /** What was delivered, whoever did. */
  readonly ledger: Ledger = new Ledger();
  /** When counting began, in milliseconds of the server's clock. */
  readonly start: number;
  /** Tells this counting from others, of this process and any other. */
  readonly id: string = crypto.randomUUID();
  /** Settles once all that happened before was taken as delivered. */
  readonly ready: Promise<void>;
  #settings: string | undefined;
  #exporter: Exporter | undefined;
  #changes: Promise<void> = Promise.resolve();

  /**
   * Begins to take what happened before as delivered.
   *
   * @param host gives what is exported, and the clock
   */
  constructor(
    { metrics, clock }: {
      readonly metrics: Metrics;
      readonly clock: Pick<Clock, "now">;
    },
  ) {
    this.start = clock.now();
    this.ready = this.#begin(metrics);
  }

  /** The one that delivers, or is about to. */
  get exporter(): Exporter | undefined {
    return this.#exporter;
  }

  /**
   * Lets an exporter with these settings deliver.
   *
   * @param settings JSON; what equals the present ones changes nothing
   * @param create makes the exporter
   */
  adopt(settings: unknown, create: () => Exporter): void {
    const written = JSON.stringify(settings);
    if (written === this.#settings) return;
    this.#settings = written;
    const before = this.#exporter;
    const exporter = this.#exporter = create();
    this.#changes = this.#changes
      .then(() => before?.[Symbol.asyncDispose]())
      .then(() => {
        if (this.#exporter === exporter) exporter.start();
      });
  }

  /** Delivers a last time. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.ready;
    await this.#changes;
    await this.#exporter?.[Symbol.asyncDispose]();
  }

  async #begin(metrics: Metrics): Promise<void> {
    for (const _ of this.ledger.begin(metrics.all())) await nextTurn();
  }
}
