/**
 * A signal that begins again and again.
 *
 * @module
 */
import type { FormDefinition } from "./_form.ts";
import { integrated } from "./_integrated.ts";
import { Periodic } from "./_periodic.ts";

/** `repeat{signal,period}`. */
export const repeat: FormDefinition = {
  name: "repeat",
  schema: ({ kit, signal }) =>
    kit.z.strictObject({ signal, period: kit.duration({ above: 0 }) })
      .transform(
        integrated(({ signal, period }) =>
          signal.constant ? signal : new Periodic(signal, period)
        ),
      ),
};
