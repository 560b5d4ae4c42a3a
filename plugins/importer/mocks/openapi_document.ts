/**
 * Reads an OpenAPI document: JSON or YAML, checked and brought to version 3.1.
 *
 * @module
 */
import { upgrade, validate } from "@scalar/openapi-parser";
import { parseDocument } from "yaml";
import { type Issue, PerfmockError, toPointer } from "../../../core/plugin.ts";
import { inFile } from "./read_source.ts";
import { isRecord, type Json } from "./resolver.ts";

/** Greatest number of errors of the standard that are listed. */
const MOST_LISTED = 20;

/** A document that can be imported. */
export interface OpenApiDocument {
  /** Document in version 3.1. */
  readonly document: Json;
  /** Version as it was written. */
  readonly version: string;
  /** Sentences about it. */
  readonly notes: readonly string[];
}

/**
 * Reads a document.
 *
 * @throws PerfmockError `IMPORT_INVALID` where it is none, with all errors
 */
export async function openApiDocument(
  file: string,
  text: string,
): Promise<OpenApiDocument> {
  const value = parsed(file, text);
  if (!isRecord(value)) {
    throw inFile(file, "it is no object", "an OpenAPI document");
  }
  const version = value.openapi ?? value.swagger;
  if (typeof version !== "string" || !/^(?:2\.0|3\.[0-2])/.test(version)) {
    throw new PerfmockError("IMPORT_INVALID", `Cannot import ${file}`, [{
      path: value.openapi === undefined ? "/swagger" : "/openapi",
      message: version === undefined
        ? "The document has no version"
        : "The version cannot be imported",
      ...version !== undefined && { value: version },
      allowed: "openapi 3.0, 3.1 or 3.2, or swagger 2.0",
    }]);
  }
  const problems = await problemsOf(value);
  const { specification } = upgrade(structuredClone(value));
  return {
    document: isRecord(specification) ? specification : value,
    version,
    notes: problems.length === 0 ? [] : [
      `The document departs from the standard in ${
        problems.length === 1 ? "1 place" : `${problems.length} places`
      }: ${
        problems.slice(0, MOST_LISTED).map(({ path, message }) =>
          `${path || "/"} (${message})`
        ).join(", ")
      }${problems.length > MOST_LISTED ? ", …" : ""}.`,
    ],
  };
}

/** Places at which a document departs from the standard. */
async function problemsOf(value: Json): Promise<Issue[]> {
  try {
    const { errors } = await validate(structuredClone(value));
    // The library's types leave the path out.
    const found: readonly {
      readonly message: string;
      readonly path?: unknown;
    }[] = errors ?? [];
    return found.map(({ path, message }) => ({
      path: pointerOf(path),
      message,
    }));
  } catch (error) {
    // The library takes some parts for objects before it checks them.
    return [{
      path: "",
      message: `it could not be checked: ${
        error instanceof Error ? error.message : error
      }`,
    }];
  }
}

function pointerOf(path: unknown): string {
  if (typeof path === "string") return path;
  return Array.isArray(path) ? toPointer(path.map(String)) : "";
}

function parsed(file: string, text: string): unknown {
  if (/^\s*\{/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // YAML, which JSON is a part of, names the place of the error.
    }
  }
  const document = parseDocument(
    text,
    { maxAliasCount: 1000, prettyErrors: true } as object,
  );
  const [error] = document.errors;
  if (error === undefined) return document.toJS({ maxAliasCount: 1000 });
  const [start] = error.linePos ?? [];
  throw inFile(
    file,
    `it is neither JSON nor YAML${
      start === undefined ? "" : `: line ${start.line}, column ${start.col}`
    }`,
    "an OpenAPI document in JSON or YAML",
  );
}
