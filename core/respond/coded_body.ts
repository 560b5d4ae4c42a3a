/**
 * Bodies that are made in memory, in the content coding that a client prefers: a body that all answers share is coded once, each of the
 * others for its answer.
 *
 * @module
 */
import type { Coding } from "../config/mod.ts";
import type { LiveExchange } from "../pipeline/exchange.ts";
import { prepared } from "../pipeline/pipeline.ts";
import { coded } from "./coder.ts";
import {
  codedAtOnce,
  LEAST_CODED,
  MOST_CODED,
  MOST_CODED_AT_ONCE,
  negotiated,
  takesIdentity,
} from "./coding.ts";
import {
  type Content,
  failure,
  type FixedBody,
  type Source,
} from "./source.ts";

const encoder = new TextEncoder();

/** Bytes that all answers of a route share. */
export interface SharedBytes {
  /** Number of bytes. */
  readonly size: number;
  /** Makes the bytes. */
  readonly bytes: () => Uint8Array<ArrayBuffer>;
}

/** Describes a body that all answers share. */
export function sharedBytes(body: FixedBody): SharedBytes {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  return { size: bytes.length, bytes: () => bytes };
}

/**
 * Chooses the coding of an answer.
 *
 * @param size number of bytes as they are
 * @param most largest number of bytes that are coded
 */
function codingFor(
  x: LiveExchange,
  codings: readonly Coding[],
  size: number,
  most: number,
): Coding | "identity" | undefined {
  const accepted = x.header("accept-encoding");
  const usual = size >= LEAST_CODED && size <= most ? codings : [];
  // A small body is coded for clients that do not take it as it is.
  return negotiated(accepted, usual) ??
    negotiated(accepted, size <= most ? codings : []);
}

/** Headers of an answer that depends on the codings that its client accepts. */
function withVary(headers: Headers | undefined, coding?: Coding): Headers {
  const own = new Headers(headers);
  own.append("vary", "Accept-Encoding");
  if (coding !== undefined) {
    own.set("content-encoding", coding);
    own.delete("content-length");
  }
  return own;
}

function notAcceptable(x: LiveExchange): Content {
  return failure({
    status: 406,
    title: "This body has no coding that the request accepts",
    detail: `Accept-Encoding: ${x.header("accept-encoding") ?? ""}`,
  }, withVary(undefined));
}

/** Codes the body that all answers share, once for each coding. */
export function sharedCoded(
  source: Source,
  { size, bytes }: SharedBytes,
  codings: readonly Coding[],
): Source {
  const made: Partial<Record<Coding, Uint8Array<ArrayBuffer>>> = {};
  const making: Partial<Record<Coding, Promise<void>>> = {};
  const choose = (x: LiveExchange) => codingFor(x, codings, size, MOST_CODED);
  const make = async (coding: Coding) => {
    made[coding] = await coded(bytes(), coding);
  };
  return {
    ...source,
    prepare(x) {
      if (x.incoming === undefined) return;
      if (x.incoming.body === undefined) x.incoming.discard?.();
      const coding = choose(x);
      if (
        coding === undefined || coding === "identity" ||
        made[coding] !== undefined
      ) return;
      x.preparing = true;
      // Without coded bytes the answer leaves as it is.
      (making[coding] ??= make(coding).catch(() => {})).then(() => prepared(x));
    },
    content(x) {
      const coding = choose(x);
      if (coding === undefined) return notAcceptable(x);
      const body = coding === "identity" ? undefined : made[coding];
      if (
        coding !== "identity" && body !== undefined &&
        (body.length < size || !takesIdentity(x))
      ) {
        const headers = withVary(undefined, coding);
        headers.set("content-length", `${body.length}`);
        return { headers, body };
      }
      const content = source.content(x);
      return { ...content, headers: withVary(content.headers) };
    },
  };
}

/** Codes the body of each answer, if it is whole in memory and not large. */
export function eachCoded(source: Source, codings: readonly Coding[]): Source {
  return {
    ...source,
    content(x) {
      const content = source.content(x);
      const { body, failed, headers } = content;
      if (
        failed || body === null ||
        typeof body !== "string" && !(body instanceof Uint8Array)
      ) return content;
      const bytes = typeof body === "string" ? encoder.encode(body) : body;
      const coding = x.incoming === undefined
        ? "identity"
        : codingFor(x, codings, bytes.length, MOST_CODED_AT_ONCE);
      if (coding === undefined) return notAcceptable(x);
      const made = coding === "identity" ? bytes : codedAtOnce(bytes, coding);
      if (
        coding === "identity" || made.length >= bytes.length && takesIdentity(x)
      ) return { ...content, body: bytes, headers: withVary(headers) };
      return { ...content, body: made, headers: withVary(headers, coding) };
    },
  };
}
