/**
 * Endpoints of the whole backend: its pace, and presets.
 *
 * @module
 */
import { z } from "zod";
import { type Endpoint, endpoint, type Kit } from "../plugin.ts";
import type { BackendControl, BackendDescription } from "./backend_control.ts";

const BACKEND = {
  type: "object",
  required: ["scale", "delay", "faultShare", "preset", "presets", "heldBy"],
  properties: {
    scale: { type: "number" },
    delay: { type: "number", description: "Milliseconds" },
    faultShare: { type: "number" },
    preset: { type: ["string", "null"] },
    presets: { type: "array", items: { type: "string" } },
    heldBy: { type: "object", additionalProperties: { type: "string" } },
  } satisfies Record<keyof BackendDescription, unknown>,
};

/** Endpoints `backend`. */
export function backendEndpoints(
  backend: Pick<BackendControl, "change" | "describe">,
  kit: Kit,
): Endpoint[] {
  return [
    endpoint({
      method: "GET",
      path: "/backend",
      summary:
        "Pace of the whole backend, the presets, and the one that lies over the configuration",
      answer: BACKEND,
      handle: () => backend.describe(),
    }),
    endpoint({
      method: "PATCH",
      path: "/backend",
      summary:
        "Changes the pace of the whole backend, or switches to a preset; null puts back",
      body: z.strictObject(kit.worded({
        scale: kit.number({ above: 0 }).nullable().optional(),
        delay: kit.duration().nullable().optional(),
        faultShare: kit.number({ min: 0 }).nullable().optional(),
        preset: z.string().nullable().optional(),
      }, {
        scale: "Factor on the service times that all routes draw",
        delay: "Time added to each response",
        faultShare: "Factor on the shares of all faults",
        preset: "Name of the preset to switch to",
      })).meta({ examples: [{ scale: 3 }, { scale: null, delay: "50ms" }] }),
      answer: BACKEND,
      async handle({ body }) {
        await backend.change(body);
        return backend.describe();
      },
    }),
  ];
}
