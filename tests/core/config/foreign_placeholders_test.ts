import { equal } from "node:assert/strict";
import { foreignPlaceholder } from "../../../core/config/_foreign_placeholders.ts";
import { unknownNames } from "../../../core/lib/template.ts";

Deno.test("foreignPlaceholder() names perfmock's placeholder for one of another tool", () => {
  for (
    const [foreign, own] of Object.entries({
      "request.query.q": "query.q",
      "request.headers.X-A": "header.X-A",
      "request.path.id": "path.id",
      "request.body": "body",
      "jsonPath request.body '$.a.b'": "body.a.b",
      "jsonPath request.body '$'": "body",
      "queryParam 'q' 'none'": "query.q",
      "urlParam 'id'": "path.id",
      "body 'a.0'": "body.a.0",
      "cookies.sid": "cookie.sid",
      "params.id": "path.id",
      "$randomUUID": "uuid",
      "randomValue type='UUID'": "uuid",
      "now format='yyyy'": "now",
      "$timestamp": "now.seconds",
      "@index": "index",
    })
  ) {
    equal(foreignPlaceholder(foreign), own, foreign);
    const known = { path: ["id"], more: ["index", "count"] } as const;
    equal(unknownNames(`{{${own}}}`, known).length, 0, own);
  }
  equal(foreignPlaceholder("anything else"), undefined);
});
