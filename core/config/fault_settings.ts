/**
 * Settings of the faults that a route injects, `faults`.
 *
 * @module
 */
import { z } from "zod";
import type { Kit } from "../contract/values.ts";
import { BODILESS, type HeaderValues } from "../lib/http.ts";
import { HEADERS } from "./_route_settings.ts";
import { JSON_VALUE } from "./kit.ts";
import { worded } from "./worded.ts";

/** A fault as users write it, with either `share` or `first`, and either `status` or `action`. */
export interface FaultInput {
  /** Share of requests that get the fault, 0…1. A request gets one fault at most, so the shares of a route add up. */
  readonly share?: number;
  /** Number of first requests that get the fault, from 1: of the route, or of each value of `per`. */
  readonly first?: number;
  /** Header whose values are counted separately, such as "header:Idempotency-Key". */
  readonly per?: string;
  /** Status of the response, 200…599. */
  readonly status?: number;
  /** Duration sent as Retry-After. */
  readonly retryAfter?: string | number;
  /** Form of Retry-After: a number of seconds, or the date at which they have passed. Default "seconds". */
  readonly retryAfterAs?: "seconds" | "date";
  /** Headers of the response, in addition to those the server writes itself. A list has several values. */
  readonly headers?: HeaderValues;
  /** Body, sent as JSON. Default: a problem document. */
  readonly json?: unknown;
  /** Body, sent as text. */
  readonly text?: string;
  /** Resets the connection before the first byte, closes it after half of the body, or sends nothing, without end. */
  readonly action?: "connection-reset" | "cut-body" | "hang";
}

/** A fault, parsed. */
export interface FaultSettings {
  /** Share of requests, 0…1; undefined where `first` is set. */
  readonly share?: number | undefined;
  /** Number of first requests, from 1. */
  readonly first?: number | undefined;
  /** "header:" and the name of the header whose values are counted separately. */
  readonly per?: string | undefined;
  /** Status of the response, 200…599; undefined where `action` is set. */
  readonly status?: number | undefined;
  /** Retry-After, in ms. */
  readonly retryAfter?: number | undefined;
  /** Form of Retry-After; undefined for seconds. */
  readonly retryAfterAs?: "seconds" | "date" | undefined;
  /** Headers as written. */
  readonly headers?: HeaderValues | undefined;
  /** Body to send as JSON. */
  readonly json?: unknown;
  /** Body to send as text. */
  readonly text?: string | undefined;
  /** Effect on the connection, in place of a response. */
  readonly action?: "connection-reset" | "cut-body" | "hang" | undefined;
}

const PER = z.string().regex(/^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/).meta({
  description: 'a header such as "header:Idempotency-Key"',
  examples: ["header:Idempotency-Key"],
});

/** Tolerance for the sum of shares: decimals such as ten times 0.1 do not add up to 1 exactly. */
const ROUNDING = 1e-9;

/** Makes the type of `faults`. */
export function faultsType(kit: Kit): z.ZodType<readonly FaultSettings[]> {
  return z.array(faultType(kit)).superRefine((faults, context) => {
    const total = faults.reduce((sum, { share = 0 }) => sum + share, 0);
    if (total <= 1 + ROUNDING) return;
    context.addIssue({
      code: "custom",
      message: `The shares of faults exclude each other, but add up to ${
        Number(total.toPrecision(12))
      }`,
      params: { allowed: "shares that add up to 1 at most" },
    });
  });
}

function faultType(kit: Kit): z.ZodType<FaultSettings> {
  return z.strictObject(worded({
    share: kit.share().optional(),
    first: kit.integer({ min: 1 }).optional(),
    per: PER.optional(),
    action: z.enum(["connection-reset", "cut-body", "hang"]).optional(),
    status: kit.integer({ min: 200, max: 599 }).optional(),
    retryAfter: kit.duration().optional(),
    retryAfterAs: z.enum(["seconds", "date"]).optional(),
    headers: HEADERS.optional(),
    json: JSON_VALUE.optional(),
    text: z.string().optional(),
  }, {
    share:
      "Share of requests that get the fault; a request gets one fault at most, so the shares of a route add up",
    first:
      "Number of first requests that get the fault: of the route, or of each value of per",
    per: "Header whose values are counted separately. Default: none",
    action:
      "Effect on the connection: it is reset before the first byte, cut after half of the body, or nothing is sent without end",
    status: "Status of the answer, in place of an action",
    retryAfter: "Time that the header Retry-After asks to wait. Default: none",
    retryAfterAs:
      "Form of Retry-After: a number of seconds, or the date at which they have passed. Default seconds",
    headers:
      "Headers of the answer, in addition to those that the server writes itself",
    json: "Body, sent as JSON. Default: a problem document",
    text: "Body, sent as text",
  })).superRefine((fault, context) => {
    const refuse = (path: string[], message: string, allowed: string) =>
      context.addIssue({ code: "custom", path, message, params: { allowed } });
    const { share, first, per, action, status, json, text } = fault;
    const { headers = {}, retryAfter, retryAfterAs } = fault;
    if ((share === undefined) === (first === undefined)) {
      refuse(
        [],
        "A fault applies to a share of requests or to the first ones",
        'either "share" or "first"',
      );
    }
    if (per !== undefined && first === undefined) {
      refuse(["per"], "Only first requests are counted per header", '"first"');
    }
    if ((action === undefined) === (status === undefined)) {
      refuse(
        [],
        "A fault answers with a status or acts on the connection",
        'either "status" or "action"',
      );
    }
    if (json !== undefined && text !== undefined) {
      refuse([], "A fault has one body only", 'either "json" or "text"');
    }
    if (retryAfterAs !== undefined && retryAfter === undefined) {
      refuse(["retryAfterAs"], "There is no time to write", '"retryAfter"');
    }
    const twice = Object.keys(headers).find((name) =>
      name.toLowerCase() === "retry-after"
    );
    if (twice !== undefined && retryAfter !== undefined) {
      refuse(
        ["headers", twice],
        "A fault has one Retry-After only",
        '"retryAfter", or the header',
      );
    }
    for (const key of ["retryAfter", "headers", "json", "text"] as const) {
      if (fault[key] === undefined) continue;
      if (action !== undefined) {
        refuse([key], `A fault with "action" has no "${key}"`, '"status"');
      } else if (
        (key === "json" || key === "text") && status !== undefined &&
        BODILESS.has(status)
      ) {
        refuse(
          [key],
          `A response with status ${status} has no body`,
          "no body, or another status",
        );
      }
    }
  });
}
