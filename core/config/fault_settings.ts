/**
 * The types of a route's `faults`.
 *
 * @module
 */
import { z } from "zod";
import type { Kit } from "../plugin.ts";
import { JSON_VALUE } from "./_json_value.ts";

/** A fault as users write it: either `share` or `first`, and either `status` or `action`. */
export interface FaultInput {
  /** The share of requests it meets, 0…1; the shares of a route exclude each other. */
  readonly share?: number;
  /** How many first requests it meets: of the route, or of each value of `per`. */
  readonly first?: number;
  /** The header whose values are told apart, such as "header:Idempotency-Key". */
  readonly per?: string;
  /** The status it answers with, 200…599. */
  readonly status?: number;
  /** Sent as Retry-After. */
  readonly retryAfter?: string | number;
  /** The body, as JSON; a problem document where absent. */
  readonly json?: unknown;
  /** The body, as text. */
  readonly text?: string;
  /** Resets the connection before any byte, closes it after half of the body, or never sends anything. */
  readonly action?: "connection-reset" | "cut-body" | "hang";
}

/** A fault, parsed. */
export interface FaultSettings {
  /** 0…1; undefined where the first requests are met. */
  readonly share?: number | undefined;
  /** How many requests are met, from 1. */
  readonly first?: number | undefined;
  /** "header:" and the name of the header whose values are told apart. */
  readonly per?: string | undefined;
  /** 200…599; undefined where the fault acts. */
  readonly status?: number | undefined;
  /** In milliseconds. */
  readonly retryAfter?: number | undefined;
  /** The body, to be sent as JSON. */
  readonly json?: unknown;
  /** The body, to be sent as text. */
  readonly text?: string | undefined;
  /** What the fault does instead of answering with a status. */
  readonly action?: "connection-reset" | "cut-body" | "hang" | undefined;
}

/** Whose first requests are counted: everybody's, or those of each value of a header. */
const PER = z.string().regex(/^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/).meta({
  description: 'a header such as "header:Idempotency-Key"',
  examples: ["header:Idempotency-Key"],
});

/** The sum of shares that were written in decimals, such as ten times 0.1, may miss 1 by this. */
const ROUNDING = 1e-9;

const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** A route's faults: the shares exclude each other, so together they are at most 1. */
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
  return z.strictObject({
    share: kit.share().optional(),
    first: kit.integer({ min: 1 }).optional(),
    per: PER.optional(),
    action: z.enum(["connection-reset", "cut-body", "hang"]).optional(),
    status: kit.integer({ min: 200, max: 599 }).optional(),
    retryAfter: kit.duration().optional(),
    json: JSON_VALUE.optional(),
    text: z.string().optional(),
  }).superRefine((fault, context) => {
    const issue = (path: string[], message: string, allowed: string) =>
      context.addIssue({ code: "custom", path, message, params: { allowed } });
    const { share, first, per, action, status, json, text } = fault;
    if ((share === undefined) === (first === undefined)) {
      issue(
        [],
        "A fault meets a share of requests or the first ones",
        'either "share" or "first"',
      );
    }
    if (per !== undefined && first === undefined) {
      issue(["per"], "Only first requests are counted per header", '"first"');
    }
    if ((action === undefined) === (status === undefined)) {
      issue(
        [],
        "A fault answers with a status or acts on the connection",
        'either "status" or "action"',
      );
    }
    if (json !== undefined && text !== undefined) {
      issue([], "A fault has one body only", 'either "json" or "text"');
    }
    for (const key of ["retryAfter", "json", "text"] as const) {
      if (fault[key] === undefined) continue;
      if (action !== undefined) {
        issue([key], `A fault that acts has no "${key}"`, '"status"');
      } else if (
        key !== "retryAfter" && status !== undefined && BODILESS.has(status)
      ) {
        issue(
          [key],
          `A response with status ${status} has no body`,
          "no body, or another status",
        );
      }
    }
  });
}
