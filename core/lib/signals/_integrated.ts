import type { z } from "zod";
import { PerfmockError } from "../../errors.ts";

/** A transform whose making integrates other signals: where one cannot be integrated, that is a fault in the settings. */
export function integrated<Parameters, Made>(
  make: (parameters: Parameters) => Made,
): (parameters: Parameters, context: z.RefinementCtx<Parameters>) => Made {
  return (parameters, { issues }) => {
    try {
      return make(parameters);
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      const { message } = error;
      issues.push({ code: "custom", message, input: parameters });
      // As zod's own NEVER: what is returned beside an issue is not used.
      return undefined as Made;
    }
  };
}
