/**
 * Recording of the WebSockets of one route: into the series of the metrics, and into the figures of `stats`.
 *
 * @module
 */
import type { Counter, Gauge, Metrics } from "../plugin.ts";

/** Figures of the WebSockets of a route since the start or the last reset. */
export interface SocketFigures {
  /** WebSockets that are open now. */
  readonly open: number;
  /** Messages to clients. */
  readonly messagesSent: number;
  /** Messages from clients. */
  readonly messagesReceived: number;
  /** Bytes of the messages to clients. */
  readonly bytesSent: number;
  /** Bytes of the messages from clients. */
  readonly bytesReceived: number;
  /** Number of WebSockets that were closed, by code; 1006 stands for those that ended without a close. */
  readonly closes: Readonly<Record<string, number>>;
}

/** Makes the recordings of the routes that open WebSockets. */
export class SocketMetrics {
  readonly #open: ReturnType<Metrics["gauge"]>;
  readonly #messages: ReturnType<Metrics["counter"]>;
  readonly #bytes: ReturnType<Metrics["counter"]>;
  readonly #closes: ReturnType<Metrics["counter"]>;

  constructor(metrics: Metrics) {
    this.#open = metrics.gauge({
      name: "perfmock_websockets_open",
      help: "WebSockets that are open",
      labels: ["route"],
    });
    this.#messages = metrics.counter({
      name: "perfmock_websocket_messages_total",
      help: "Messages of WebSockets",
      labels: ["route", "direction"],
    });
    this.#bytes = metrics.counter({
      name: "perfmock_websocket_bytes_total",
      help: "Bytes of the messages of WebSockets, without those of frames",
      labels: ["route", "direction"],
    });
    this.#closes = metrics.counter({
      name: "perfmock_websocket_closes_total",
      help: "WebSockets that were closed, by code",
      labels: ["route", "code"],
    });
  }

  /** Makes the recording of one route. */
  of(route: string): SocketSeries {
    return new SocketSeries({
      open: this.#open.series(route),
      messagesSent: this.#messages.series(route, "sent"),
      messagesReceived: this.#messages.series(route, "received"),
      bytesSent: this.#bytes.series(route, "sent"),
      bytesReceived: this.#bytes.series(route, "received"),
      closes: (code) => this.#closes.series(route, `${code}`),
    });
  }
}

/** Series of the metrics that a route records its WebSockets into. */
interface SocketRouteMetrics {
  readonly open: Gauge;
  readonly messagesSent: Counter;
  readonly messagesReceived: Counter;
  readonly bytesSent: Counter;
  readonly bytesReceived: Counter;
  readonly closes: (code: number) => Counter;
}

/** Recording of the WebSockets of one route. */
export class SocketSeries {
  readonly #metrics: SocketRouteMetrics;
  readonly #closes = new Map<number, number>();
  #open = 0;
  #messagesSent = 0;
  #messagesReceived = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(metrics: SocketRouteMetrics) {
    this.#metrics = metrics;
  }

  /** Records a WebSocket that was opened. */
  opened(): void {
    this.#open++;
    this.#metrics.open.add(1);
  }

  /** Records a message to a client. */
  sent(bytes: number): void {
    this.#messagesSent++;
    this.#bytesSent += bytes;
    this.#metrics.messagesSent.add();
    this.#metrics.bytesSent.add(bytes);
  }

  /** Records a message from a client. */
  received(bytes: number): void {
    this.#messagesReceived++;
    this.#bytesReceived += bytes;
    this.#metrics.messagesReceived.add();
    this.#metrics.bytesReceived.add(bytes);
  }

  /** Records the end of a WebSocket. Clients choose codes: there are 4000 of them. */
  closed(code: number): void {
    this.#open--;
    this.#metrics.open.add(-1);
    this.#closes.set(code, (this.#closes.get(code) ?? 0) + 1);
    this.#metrics.closes(code).add();
  }

  /** Figures since the last reset. */
  snapshot(): SocketFigures {
    return {
      open: this.#open,
      messagesSent: this.#messagesSent,
      messagesReceived: this.#messagesReceived,
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      closes: Object.fromEntries(this.#closes),
    };
  }

  /** Starts the figures again; the number of open ones stays. */
  reset(): void {
    this.#messagesSent = this.#messagesReceived = 0;
    this.#bytesSent = this.#bytesReceived = 0;
    this.#closes.clear();
  }
}
