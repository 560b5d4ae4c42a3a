// Apollo Client against five operations: one by one, as a batch, and as persisted queries over GET. Prints `name: result` lines.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

// The packages are in the folder that the test names.
const load = createRequire(process.argv[3]);
const { ApolloClient, gql, HttpLink, InMemoryCache } = load("@apollo/client");
const { BatchHttpLink } = load("@apollo/client/link/batch-http");
const { PersistedQueryLink } = load("@apollo/client/link/persisted-queries");

const uri = new URL("/graphql", process.argv[2]).href;
let requests = 0;
const counted = (url, init) => {
  requests++;
  return fetch(url, init);
};

const operations = {
  GetCart: gql`query GetCart($id: ID!) { cart(id: $id) { id total } }`,
  GetUser: gql`query GetUser { user { id name } }`,
  Search: gql`query Search($q: String) { search(q: $q) { id } }`,
  AddItem: gql`mutation AddItem { addItem { id total } }`,
  Recommend: gql`query Recommend { recommend { id } }`,
};

const client = (link) => new ApolloClient({ link, cache: new InMemoryCache() });

async function send(from, name) {
  const began = performance.now();
  const document = operations[name];
  const variables = { id: "7", q: "shoes" };
  const options = { variables, errorPolicy: "all", fetchPolicy: "no-cache" };
  try {
    const { data, error } = name === "AddItem"
      ? await from.mutate({ mutation: document, ...options })
      : await from.query({ query: document, ...options });
    const result = error === undefined ? JSON.stringify(data) : `error ${error.errors?.[0].message ?? error.message}`;
    return { result, took: performance.now() - began };
  } catch (error) {
    return { result: `thrown ${error.message}`, took: performance.now() - began };
  }
}

async function all(kind, link) {
  requests = 0;
  const from = client(link);
  const names = Object.keys(operations);
  const answers = await Promise.all(names.map((name) => send(from, name)));
  for (const [index, { result, took }] of answers.entries()) {
    process.stdout.write(`${kind}_${names[index]}: ${result}\n`);
    process.stdout.write(`${kind}_${names[index]}_took: ${Math.floor(took)}\n`);
  }
  process.stdout.write(`${kind}_requests: ${requests}\n`);
}

const sha256 = (text) => createHash("sha256").update(text).digest("hex");

// The first request of a process loads code, which would count as its time.
await send(client(new HttpLink({ uri, fetch: counted })), "GetUser");
await all("single", new HttpLink({ uri, fetch: counted }));
await all("batch", new BatchHttpLink({ uri, fetch: counted, batchInterval: 10 }));
await all(
  "persisted",
  new PersistedQueryLink({ sha256, useGETForHashedQueries: true })
    .concat(new HttpLink({ uri, fetch: counted })),
);
