import type { Clock } from "../../../../core/plugin.ts";
import {
  connectTo,
  type Destination,
  networkFor,
} from "../../../../plugins/load_engine/http/mod.ts";
import type {
  ClientEnvironment,
  Order,
} from "../../../../plugins/load_engine/order.ts";
import { at, exchange, HandClock, plan, type Said } from "./_orders.ts";

/** Ways to carry connections; the loop is missing where it cannot run. */
export const CARRIERS: readonly string[] = await networkFor(at(1)).then(
  async (network) => {
    await network?.release();
    return network === undefined
      ? ["Deno's sockets"]
      : ["Deno's sockets", "loop"];
  },
);

/** Creates environments of one carrier. */
export type Connect = (
  destination: Destination,
  clock: Clock,
  connections?: number,
) => ClientEnvironment;

/** Runs a test on one carrier. */
export async function onCarrier(
  carrier: string,
  test: (connectTo: Connect) => Promise<void>,
): Promise<void> {
  const network = carrier === "loop" ? await networkFor(at(1)) : undefined;
  try {
    await test((destination, clock, connections) =>
      connectTo(destination, clock, {
        network,
        ...connections !== undefined && { connections },
      })
    );
  } finally {
    await network?.release();
  }
}

/** Registers a test for each carrier. */
export function testEach(
  name: string,
  test: (connectTo: Connect) => Promise<void>,
): void {
  for (const carrier of CARRIERS) {
    Deno.test(`${name} (${carrier})`, () => onCarrier(carrier, test));
  }
}

/** Sends requests one after another in an environment of their own. */
export async function send(
  connectTo: Connect,
  port: number,
  ...requests: Said[]
): Promise<Order[]> {
  using environment = connectTo(at(port), new HandClock());
  const orders = [];
  for (const said of requests) {
    orders.push(await exchange(environment, plan(said)));
  }
  return orders;
}
