/** Signals and settings for tests, made as a user's are. */
import { createKit } from "../../../core/config/mod.ts";
import type { Kit, Signal } from "../../../core/plugin.ts";

/** The types that settings are made of, without distributions. */
export const KIT: Kit = createKit({
  folder: "/",
  distribution: () => ({ issues: [{ path: "", message: "None here" }] }),
});

/** A signal of numbers as a user writes it. */
export function signal(written: unknown): Signal {
  return KIT.signal(KIT.number()).parse(written);
}
