/**
 * Frontend from npm packages: react-admin, with React, React Router, TanStack Query and Material UI. The packages decide which calls
 * it makes, when, and which answers it keeps; only the list of columns is written here.
 *
 * @module
 */
import type { RouteInput } from "../../mod.ts";
import { scaled } from "./pages_for_find/mod.ts";

/** Settings of the bundle. All versions are pinned, so that the calls stay the same. */
const SETTINGS = {
  imports: {
    "@tanstack/react-query": "npm:@tanstack/react-query@5.108.4",
    "graphql": "npm:graphql@16.15.0",
    "graphql-request": "npm:graphql-request@7.4.0",
    "ra-data-json-server": "npm:ra-data-json-server@5.15.3",
    "react": "npm:react@19.3.1",
    "react/": "npm:/react@19.3.1/",
    "react-admin": "npm:react-admin@5.15.4",
    "react-dom": "npm:react-dom@19.3.1",
    "react-dom/": "npm:/react-dom@19.3.1/",
  },
  compilerOptions: { jsx: "react-jsx", jsxImportSource: "react" },
};

/** Administration of orders: a list with references to customers and stores, a number of items for each, and totals beside it. */
const APP = `
import { createRoot } from "react-dom/client";
import { useQuery } from "@tanstack/react-query";
import { GraphQLClient } from "graphql-request";
import jsonServerProvider from "ra-data-json-server";
import {
  Admin, Datagrid, DateField, fetchUtils, List, NumberField, ReferenceField, ReferenceManyCount, Resource, TextField,
} from "react-admin";

const ask = async (path) => (await fetchUtils.fetchJson(path)).json;
const nothing = async () => {};
const auth = {
  login: nothing,
  logout: nothing,
  checkError: nothing,
  checkAuth: () => ask("/api/session"),
  getIdentity: () => ask("/api/identity"),
  getPermissions: () => ask("/api/permissions"),
};
const client = new GraphQLClient(location.origin + "/graphql");
function Totals() {
  const { data } = useQuery({
    queryKey: ["totals"],
    queryFn: () => client.request("query Totals { totals { open paid } }"),
  });
  return data && <aside id="totals">{data.totals.open} open, {data.totals.paid} paid</aside>;
}
function Orders() {
  return (
    <List aside={<Totals />} exporter={false}>
      <Datagrid rowClick={false} bulkActionButtons={false}>
        <TextField source="id" />
        <DateField source="date" />
        <ReferenceField source="customer" reference="customers" link={false}><TextField source="name" /></ReferenceField>
        <ReferenceField source="store" reference="stores" link={false}><TextField source="city" /></ReferenceField>
        <ReferenceManyCount label="Items" reference="items" target="order" />
        <NumberField source="total" />
      </Datagrid>
    </List>
  );
}
createRoot(document.getElementById("root")).render(
  <Admin dataProvider={jsonServerProvider("/api")} authProvider={auth} requireAuth disableTelemetry>
    <Resource name="orders" list={Orders} />
  </Admin>,
);
`;

/** Number of orders in the list: each has a call of its own for its items. */
const ORDERS = 5;

const FRESH = { "cache-control": "no-store" };

/** Route of an API call that answers with a value. */
function api(id: string, ms: number, json: unknown): RouteInput {
  return {
    id,
    path: `/api/${id}`,
    serviceTime: ms,
    response: {
      json,
      // The data provider reads the number of all records here.
      headers: { ...FRESH, "X-Total-Count": String(ORDERS) },
    },
  };
}

/** Records with ids from 1. */
function records(
  count: number,
  more: (n: number) => Record<string, unknown>,
): unknown[] {
  return Array.from({ length: count }, (_, n) => ({ id: n + 1, ...more(n) }));
}

/**
 * Response times of the frontend's routes, in ms. Calls that may wait for one another differ by more than the step with which the tests
 * perturb them, so that each route counts fully or not at all.
 */
export const FRONTEND_TIMES = scaled({
  document: 120,
  bundle: 120,
  permissions: 110,
  session: 250,
  identity: 110,
  totals: 110,
  orders: 250,
  items: 120,
  customers: 260,
  stores: 150,
});

/** Figure of the frontend: the list of orders is there, with the heads of its columns. The cells with references may follow later. */
export const FRONTEND_FIGURE = "selector-visible:.column-store span";

/**
 * Bundles the frontend, as an esbuild of Deno's does, and returns the routes of its document, its script, and its backend.
 *
 * @param folder empty folder, which the routes read from
 */
export async function frontendRoutes(folder: string): Promise<RouteInput[]> {
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(SETTINGS));
  await Deno.writeTextFile(`${folder}/app.jsx`, APP);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform=browser",
      "--minify",
      "--output=app.js",
      "app.jsx",
    ],
    cwd: folder,
    stdin: "null",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const times = FRONTEND_TIMES;
  const document = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Orders</title>
<link rel="icon" href="data:,">
<div id="root"></div>
<script type="module" src="/app.js"></script>
</html>
`;
  return [
    {
      id: "document",
      path: "/",
      serviceTime: times.document,
      response: {
        text: document,
        headers: { ...FRESH, "content-type": "text/html" },
      },
    },
    {
      id: "bundle",
      path: "/app.js",
      serviceTime: times.bundle,
      response: { file: `${folder}/app.js`, headers: FRESH, outside: true },
    },
    api("session", times.session, { user: "u-1" }),
    api("identity", times.identity, { id: "u-1", fullName: "Ada" }),
    api("permissions", times.permissions, ["admin"]),
    api(
      "orders",
      times.orders,
      records(ORDERS, (n) => ({
        date: `2026-11-0${n + 1}`,
        customer: 1 + n % 3,
        store: 1 + n % 2,
        total: 20 * n,
      })),
    ),
    api("items", times.items, records(2, () => ({}))),
    api(
      "customers",
      times.customers,
      records(3, (n) => ({ name: `Customer ${n + 1}` })),
    ),
    api("stores", times.stores, records(2, (n) => ({ city: `City ${n + 1}` }))),
    {
      id: "totals",
      method: "POST",
      path: "/graphql",
      serviceTime: times.totals,
      response: {
        json: { data: { totals: { open: 3, paid: 2 } } },
        headers: FRESH,
      },
    },
  ];
}
