/**
 * The document openapi.json, which describes the endpoints of the control API and of plugins.
 *
 * @module
 */
import {
  finishedSchema,
  hoistDefinitions,
  jsonSchemaPart,
} from "../config/mod.ts";
import type { Endpoint, Schema } from "../plugin.ts";

/** Endpoints that share a base path and a tag. */
export interface DescribedEndpoints {
  /** Prefix of each endpoint's path. */
  readonly base: string;
  /** Name of the plugin, or `control`. */
  readonly tag: string;
  /** Endpoints with paths relative to the base path. */
  readonly endpoints: readonly Endpoint[];
}

type Json = Record<string, unknown>;

const PROBLEM = {
  type: "object",
  required: ["type", "title", "status"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string" },
    issues: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "message"],
        properties: {
          path: { type: "string", description: "A JSON Pointer" },
          message: { type: "string" },
          value: {},
          allowed: { type: "string" },
          suggestion: { type: "string" },
          also: { type: "string" },
        },
      },
    },
  },
};

/** Makes the OpenAPI 3.1 document. */
export function openapi(
  groups: readonly DescribedEndpoints[],
  version: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Json = { Problem: PROBLEM };
  for (const { base, tag, endpoints } of groups) {
    for (const endpoint of endpoints) {
      const path = (base + endpoint.path)
        .replaceAll(/:(\w+)(\{[^/]*\})?\??/g, "{$1}");
      (paths[path] ??= {})[endpoint.method.toLowerCase()] = operation(
        endpoint,
        { path, tag, schemas },
      );
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "perfmock control API",
      version,
      description: "Every call answers errors with a problem document",
    },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, schema]) => [
          name,
          finishedSchema(schema as Json),
        ]),
      ),
    },
  };
}

function operation(
  endpoint: Endpoint,
  { path, tag, schemas }: {
    readonly path: string;
    readonly tag: string;
    readonly schemas: Json;
  },
): unknown {
  const type = endpoint.type ?? "application/json";
  const operationId = `${endpoint.method.toLowerCase()}${
    path.replaceAll(/[^A-Za-z0-9]+/g, "-")
  }`.replace(/-$/, "");
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name);
  const jsonSchema = (schema: Schema) =>
    finishedSchema(
      hoistDefinitions(
        jsonSchemaPart(schema, operationId, "#/components/schemas/"),
        schemas,
      ) as Json,
    );
  const query = endpoint.query === undefined ? {} : jsonSchema(endpoint.query);
  const queries = Object.entries((query.properties ?? {}) as Json).map((
    [name, schema],
  ) => ({ name, in: "query", schema }));
  const headers = Object.entries(endpoint.headers ?? {}).map((
    [name, description],
  ) => ({ name, in: "header", description, schema: { type: "string" } }));
  const status = endpoint.status ?? 200;
  const accepted = endpoint.body === undefined
    ? endpoint.accepts
    : { "application/json": jsonSchema(endpoint.body) };
  return {
    summary: endpoint.summary,
    tags: [tag],
    operationId,
    ...(names.length + queries.length + headers.length > 0 && {
      parameters: [
        ...names.map((name) => ({
          name,
          in: "path",
          required: true,
          schema: { type: "string" },
        })),
        ...queries,
        ...headers,
      ],
    }),
    ...(accepted !== undefined && {
      requestBody: { required: true, content: contents(accepted) },
    }),
    responses: {
      [status]: {
        description: endpoint.summary,
        ...(status !== 204 && {
          content: contents({
            [type]: endpoint.answer ?? {},
            ...endpoint.types,
          }),
        }),
      },
      default: {
        description: "The issues of the request",
        content: {
          "application/problem+json": {
            schema: { $ref: "#/components/schemas/Problem" },
          },
        },
      },
    },
  };
}

/** Media types with the schema of each. */
function contents(schemas: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(
    Object.entries(schemas).map(([type, schema]) => [type, { schema }]),
  );
}
