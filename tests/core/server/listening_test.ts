import { deepEqual, equal } from "node:assert/strict";
import {
  type Door,
  Listening,
  type ListeningOptions,
} from "../../../core/server/listening.ts";
import { until } from "../../support/wait.ts";

/** A door, the descriptors of its process, and the times at which it was held shut. */
function setUp(
  { most, burst = 0, maximum, ...options }: Partial<ListeningOptions> & {
    /** Maximum number of connections; undefined for a server that does not count them. */
    readonly most?: number;
    readonly burst?: number;
    readonly maximum?: number;
  },
) {
  const state = { used: 20, connections: 0, obstructed: false };
  const events: string[] = [];
  const door: Door = {
    open() {
      if (state.obstructed) throw new Error("no descriptor");
      events.push("open");
    },
    close: () => void events.push("close"),
  };
  const listening = new Listening(door, {
    ...most !== undefined &&
      {
        connections: { open: () => state.connections, maximum: most, burst },
      },
    heldBack: (reason) => events.push(reason),
    descriptors: { open: () => state.used, maximum: () => maximum },
    look: 1,
    ...options,
  });
  return {
    state,
    events,
    listening,
    connect(count: number) {
      state.connections += count;
      state.used += count;
    },
    [Symbol.asyncDispose]: () => listening.end(),
  };
}

Deno.test("Listening stops a server at the limit of the settings, and lets it listen again below", async () => {
  await using it = setUp({ most: 50, maximum: 20_000 });
  it.connect(49);
  it.listening.look();
  deepEqual(it.events, []);
  it.connect(1);
  await until(() => it.events.length > 0);
  deepEqual(it.events.slice(0, 2), ["close", "connections"]);
  it.connect(-1);
  await until(() => it.events.at(-1) === "open");
  it.connect(1);
  it.listening.look();
  deepEqual(it.events.slice(-2), ["close", "connections"]);
});

Deno.test("Listening keeps 100 descriptors and a burst for others, if connections are counted", async () => {
  await using it = setUp({ most: 16_384, burst: 100, maximum: 300 });
  it.connect(99);
  it.listening.look();
  deepEqual(it.events, []);
  it.connect(1);
  it.listening.look();
  deepEqual(it.events, ["close", "connections"]);
});

Deno.test("Listening stops while other parts of the process take the last descriptors, and counts on", async () => {
  await using it = setUp({ most: 16_384, maximum: 300 });
  it.state.used = 267;
  it.listening.look();
  deepEqual(it.events, []);
  it.state.used = 268;
  await until(() =>
    it.events.filter((event) => event === "descriptors").length > 2
  );
  equal(it.events[0], "close");
  it.state.used = 267;
  await until(() => it.events.at(-1) === "open");
});

Deno.test("Listening tries again until the server can listen, after it has stopped by itself", async () => {
  await using it = setUp({ maximum: 300 });
  it.state.obstructed = true;
  it.listening.lost();
  it.listening.lost();
  await until(() => it.events.length > 3);
  deepEqual(new Set(it.events), new Set(["descriptors"]));
  it.state.obstructed = false;
  await until(() => it.events.at(-1) === "open");
  equal(it.events.filter((event) => event === "open").length, 1);
});

Deno.test("Listening does nothing where descriptors cannot be counted, and nothing after its end", async () => {
  await using it = setUp({
    descriptors: { open: () => undefined, maximum: () => undefined },
  });
  it.connect(20_000);
  it.listening.look();
  await it.listening.end();
  it.listening.lost();
  deepEqual(it.events, []);
});
