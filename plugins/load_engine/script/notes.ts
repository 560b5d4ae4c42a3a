/**
 * Sentences that a reader of a run's figures has to know: traffic that they leave out, and controls that did not act on the target.
 *
 * @module
 */
import { type Segment, segmentText } from "../../../core/plugin.ts";
import type { Script } from "./script.ts";

/** Returns the notes on a run over HTTP, those of its traces included. */
export function notesOnRun({ scenarios, target, notes }: Script): string[] {
  if (target === undefined) return [...notes];
  return [
    ...scenarios.flatMap(({ name, executor }) => {
      switch (executor) {
        case "modulate":
          return [
            `${name}: turned a dial of the perfmock server that runs this script, not of the target ${target.href}`,
          ];
        case "stress":
          return [
            `${name}: put stress on the machine that runs this script; the target ${target.href} notices it only there`,
          ];
        default:
          return [];
      }
    }),
    ...notes,
  ];
}

/** Returns the notes on a simulation, those of its traces included. */
export function notesOnSimulation(
  { scenarios, target, notes }: Script,
): string[] {
  const stress = scenarios.filter(({ executor }) => executor === "stress");
  return [
    ...target === undefined ? [] : [
      `requests went to a copy of this configuration, not to the target ${target.href}`,
    ],
    ...stress.map(({ name }) =>
      `${name}: left out, because stress acts on the machine, which has no virtual time`
    ),
    ...notes,
  ];
}

/** The note on figures of a share of the traffic; none on those of all of it. */
export function notesOnShare(segment: Segment): string[] {
  return segment.count === 1 ? [] : [
    `these are the figures of share ${
      segmentText(segment)
    } alone: every arrival and user whose number modulo ${segment.count} is ${segment.index}`,
  ];
}
