import { deepEqual, equal } from "node:assert/strict";
import { z } from "zod";
import { openapi } from "../../../core/control/openapi.ts";
import type { Endpoint } from "../../../core/plugin.ts";

function endpoint(more: Partial<Endpoint>): Endpoint {
  return {
    method: "GET",
    path: "/things",
    summary: "Things",
    handle: () => ({}),
    ...more,
  };
}

interface Described {
  readonly paths: Record<string, Record<string, Record<string, unknown>>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

function describe(...endpoints: Endpoint[]): Described {
  return openapi(
    [{ base: "/_perfmock", tag: "mine", endpoints }],
    "1.2.3",
  ) as unknown as Described;
}

Deno.test("openapi() describes each call under its path and method, with its tag and a unique id", () => {
  const { paths } = describe(
    endpoint({ answer: { type: "array" } }),
    endpoint({ method: "DELETE", path: "/things/:id" }),
  );
  deepEqual(Object.keys(paths), [
    "/_perfmock/things",
    "/_perfmock/things/{id}",
  ]);
  const { get } = paths["/_perfmock/things"];
  deepEqual([get.summary, get.tags, get.operationId], [
    "Things",
    ["mine"],
    "get-perfmock-things",
  ]);
  deepEqual((get.responses as Record<string, unknown>)["200"], {
    description: "Things",
    content: { "application/json": { schema: { type: "array" } } },
  });
  const { delete: remove } = paths["/_perfmock/things/{id}"];
  equal(remove.operationId, "delete-perfmock-things-id");
  deepEqual(remove.parameters, [{
    name: "id",
    in: "path",
    required: true,
    schema: { type: "string" },
  }]);
});

Deno.test("openapi() removes patterns from the parameters of a path", () => {
  const { paths } = describe(
    endpoint({ path: "/things/:id{[0-9]+}/parts/:part" }),
  );
  deepEqual(Object.keys(paths), ["/_perfmock/things/{id}/parts/{part}"]);
});

Deno.test("openapi() names the content type of an endpoint that has one", () => {
  const { paths } = describe(endpoint({ type: "text/plain" }));
  const { responses } = paths["/_perfmock/things"].get as {
    readonly responses: Record<string, { readonly content: unknown }>;
  };
  deepEqual(responses["200"].content, { "text/plain": { schema: {} } });
});

Deno.test("openapi() describes further types, bodies that the endpoint reads, and headers", () => {
  const { paths } = describe(endpoint({
    method: "POST",
    types: { "application/jsonl": { type: "string" } },
    accepts: { "application/yaml": { type: "string" } },
    headers: { "If-Match": "Revision" },
  }));
  const { responses, requestBody, parameters } = paths["/_perfmock/things"]
    .post as {
      readonly responses: Record<string, { readonly content: unknown }>;
      readonly requestBody: unknown;
      readonly parameters: unknown;
    };
  deepEqual(responses["200"].content, {
    "application/json": { schema: {} },
    "application/jsonl": { schema: { type: "string" } },
  });
  deepEqual(requestBody, {
    required: true,
    content: { "application/yaml": { schema: { type: "string" } } },
  });
  deepEqual(parameters, [{
    name: "If-Match",
    in: "header",
    description: "Revision",
    schema: { type: "string" },
  }]);
});

Deno.test("openapi() moves the definitions of a body to the place that its references name", () => {
  const node = z.object({
    get next() {
      return node.optional();
    },
  }).meta({ id: "Node" });
  const body = z.strictObject({ a: node, list: z.array(node) });
  const { paths, components } = describe(endpoint({ method: "POST", body }));
  const { requestBody } = paths["/_perfmock/things"].post as {
    readonly requestBody: unknown;
  };
  const reference = {
    $ref: "#/components/schemas/post-perfmock-things.Node",
  };
  deepEqual(requestBody, {
    required: true,
    content: {
      "application/json": {
        schema: {
          type: "object",
          properties: {
            a: reference,
            list: { type: "array", items: reference },
          },
          required: ["a", "list"],
          additionalProperties: false,
        },
      },
    },
  });
  deepEqual(Object.keys(components.schemas), [
    "Problem",
    "post-perfmock-things.Node",
  ]);
  deepEqual(
    (components.schemas["post-perfmock-things.Node"] as {
      properties: unknown;
    }).properties,
    { next: reference },
  );
});

Deno.test("openapi() allows any body if its validator has no JSON Schema", () => {
  const body = {
    "~standard": {
      version: 1 as const,
      vendor: "own",
      validate: (value: unknown) => ({ value }),
    },
  };
  const { paths } = describe(endpoint({ method: "PUT", body }));
  deepEqual(paths["/_perfmock/things"].put.requestBody, {
    required: true,
    content: { "application/json": { schema: {} } },
  });
});
