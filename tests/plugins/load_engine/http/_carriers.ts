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
const CARRIERS = await networkFor(at(1)).then(async (network) => {
  await network?.release();
  return network === undefined
    ? ["Deno's sockets"]
    : ["Deno's sockets", "loop"];
});

/** Creates environments of one carrier. */
export type Connect = (
  destination: Destination,
  clock: Clock,
  connections?: number,
) => ClientEnvironment;

/** Tests that run on each carrier. */
export const eachCarrier = {
  /** Registers a test for each carrier. */
  test(
    name: string,
    test: (connectTo: Connect) => Promise<void>,
  ): void {
    for (const carrier of CARRIERS) {
      Deno.test(`${name} (${carrier})`, async () => {
        const network = carrier === "loop"
          ? await networkFor(at(1))
          : undefined;
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
      });
    }
  },
};

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
