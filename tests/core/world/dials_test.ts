import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { DialBoard, type PlacedDial } from "../../../core/world/dials.ts";
import { PerfmockError } from "../../../core/errors.ts";
import type { KitType } from "../../../core/plugin.ts";

const TYPE = {} as KitType<unknown>;

function dial(of: string, name: string) {
  const turned: unknown[] = [];
  const placed: PlacedDial = {
    address: { kind: "route", of, dial: name },
    dial: { type: TYPE, turn: (value) => void turned.push(value) },
  };
  return { placed, turned, address: placed.address };
}

Deno.test("a dial can be set by its holder, and returns to the configured value when released", () => {
  const board = new DialBoard();
  const scale = dial("r", "scale");
  board.adopt([scale.placed]);
  deepEqual([...board.list()], [scale.address]);
  equal(board.typeOf(scale.address), TYPE);
  const held = board.hold(scale.address, "run a");
  held.turn(2);
  held.turn(3);
  held.release();
  held.turn(4);
  held.release();
  deepEqual(scale.turned, [2, 3, undefined]);
});

Deno.test("a held dial cannot be held again until it is released", () => {
  const board = new DialBoard();
  const { placed, address } = dial("r", "scale");
  board.adopt([placed]);
  const held = board.hold(address, "run a");
  throws(() => board.hold(address, "run b"), /run a holds it/);
  held.release();
  board.hold(address, "run b").release();
});

Deno.test("an overridden dial stays overridden in the next revision", () => {
  const board = new DialBoard();
  const [before, after] = [dial("r", "scale"), dial("r", "scale")];
  board.adopt([before.placed]);
  const held = board.hold(before.address, "run");
  held.turn(2);
  board.adopt([after.placed]);
  deepEqual([before.turned, after.turned], [[2, undefined], [2]]);
  held.turn(3);
  board.adopt([]);
  held.turn(4);
  held.release();
  deepEqual(after.turned, [2, 3, undefined]);
});

Deno.test("an unknown dial is reported with the existing ones and a suggestion", () => {
  const board = new DialBoard();
  board.adopt([dial("orders", "scale").placed, dial("orders", "delay").placed]);
  const fault = (of: string, name: string, kind = "route") => {
    let caught: unknown;
    throws(() => board.hold({ kind, of, dial: name }, "run"), (error) => {
      caught = error;
      return true;
    });
    ok(caught instanceof PerfmockError);
    equal(caught.code, "DIAL_UNAVAILABLE");
    const [{ path, allowed, suggestion }] = caught.issues;
    return [path, allowed, suggestion];
  };
  deepEqual(fault("orders", "scal"), ["/dial", "scale, delay", "scale"]);
  deepEqual(fault("order", "scale"), ["/route", "orders", "orders"]);
  deepEqual(fault("db", "queue", "pool"), [
    "/pool",
    "nothing: there are no dials of this kind",
    undefined,
  ]);
  equal(board.typeOf({ kind: "pool", of: "db", dial: "queue" }), undefined);
});
