// Node's fetch, http.request with a keep-alive agent, and undici with pipelining, against the server at the given address;
// prints one result a line, `fetch_`, `http_` or `undici_` before its name. The second argument is the folder of the package undici.
import { createRequire } from "node:module";
import http from "node:http";

const [, , address, folder] = process.argv;
const url = address.replace(/\/$/, "");
const LARGE = 20_000_000;
const large = () => Buffer.alloc(LARGE, "x");
const undici = createRequire(`${folder}/package.json`)("undici");

async function* pieces() {
  for (let i = 0; i < LARGE / 100_000; i++) yield Buffer.alloc(100_000, "x");
}

async function times(count, once) {
  let right = 0;
  for (let i = 0; i < count; i++) if (await once()) right++;
  return right;
}

async function concurrent(once) {
  const all = await Promise.all(Array.from({ length: 50 }, () => times(20, once)));
  return all.reduce((sum, right) => sum + right, 0);
}

/** Results of a client that sends one request and returns `{ status, length, text }`; `options` are those of its kind. */
function results(text, more) {
  const answer = (...of) => text(...of).then(({ status, body }) => `${status} ${body}`);
  const size = (...of) => text(...of).then(({ status, body }) => `${status} ${body.length}`);
  const fault = (path) => text("GET", path).then(({ status, body }) => `${status} ${body}`, () => "error");
  return {
    get: () => answer("GET", "/hello"),
    post_empty: () => answer("POST", "/size"),
    post: () => answer("POST", "/size", "hello world"),
    put: () => answer("PUT", "/size", "hello world"),
    head: () => text("HEAD", "/hello").then(({ status, length }) => `${status} ${length}`),
    concurrent: () => concurrent(async () => (await text("GET", "/wait")).body === '{"a":1}'),
    upload: () => answer("POST", "/size", large()),
    chunked: () => answer("POST", "/size", pieces()),
    ignored: async () => `${await answer("POST", "/hello", large())}, ${await answer("GET", "/hello")}`,
    download: () => size("GET", "/large"),
    reset: () => fault("/reset"),
    cut: () => fault("/cut"),
    ...more,
  };
}

async function fetched(method, path, body, options) {
  const response = await fetch(url + path, { method, body, duplex: "half", ...options });
  return { status: response.status, length: response.headers.get("content-length"), body: await response.text() };
}

const withFetch = results(fetched, {
  abort_wait: () => fetched("GET", "/slow", undefined, { signal: AbortSignal.timeout(200) }).catch(() => "left"),
  async abort_body() {
    const reader = (await fetch(`${url}/drip`)).body.getReader();
    await reader.read();
    await reader.cancel();
    return "left";
  },
});

let connections = 0;
class CountingAgent extends http.Agent {
  createConnection(...args) {
    connections++;
    return super.createConnection(...args);
  }
}
const agent = new CountingAgent({ keepAlive: true });

function request(method, path, body, options) {
  const { promise, resolve, reject } = withResolvers();
  const sent = http.request(url + path, { method, agent, ...options }, async (response) => {
    let text = "";
    try {
      for await (const part of response) text += part;
      resolve({ status: response.statusCode, length: response.headers["content-length"], body: text });
    } catch (error) {
      reject(error);
    }
  });
  sent.on("error", reject);
  return { sent, promise, body };
}

function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}

async function requested(method, path, body) {
  const { sent, promise } = request(method, path);
  if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) sent.end(body);
  else {
    for await (const part of body) if (!sent.write(part)) await new Promise((resume) => sent.once("drain", resume));
    sent.end();
  }
  return await promise;
}

const withHttp = results(requested, {
  async kept() {
    connections = 0;
    const right = await times(1000, async () => (await requested("GET", "/hello")).body === "hello");
    return `${right} on ${connections || 1} connection`;
  },
  async early() {
    const { sent, promise } = request("POST", "/hello", undefined, { agent: new http.Agent() });
    sent.write("begin");
    const { status, body } = await promise;
    sent.end();
    return `${status} ${body} before the end of the body`;
  },
  async abort_wait() {
    const { sent, promise } = request("GET", "/slow");
    sent.end();
    setTimeout(() => sent.destroy(), 200);
    return await promise.catch(() => "left");
  },
  async abort_body() {
    const { sent, promise } = request("GET", "/drip");
    sent.on("response", (response) => response.once("data", () => sent.destroy()));
    sent.end();
    return await promise.catch(() => "left");
  },
});

/** One connection, up to ten requests under way. Methods with bodies are not pipelined unless they are said to be idempotent. */
const client = new undici.Client(url, { pipelining: 10 });
client.on("connect", () => connections++);

async function dispatched(method, path, body, from = client) {
  const response = await from.request({ method, path, body, idempotent: true });
  return { status: response.statusCode, length: response.headers["content-length"], body: await response.body.text() };
}

async function alone(use) {
  const own = new undici.Client(url);
  try {
    return await use(own);
  } finally {
    await own.destroy();
  }
}

const withUndici = results(dispatched, {
  async kept() {
    connections = 0;
    const right = (await Promise.all(
      Array.from({ length: 10 }, () => times(100, async () => (await dispatched("GET", "/hello")).body === "hello")),
    )).reduce((sum, one) => sum + one, 0);
    return `${right} on ${connections || 1} connection`;
  },
  // In order on one connection, although the first takes longest.
  async pipelined() {
    const answers = await Promise.all([
      dispatched("GET", "/wait"),
      dispatched("POST", "/size", "hello"),
      dispatched("GET", "/hello"),
      dispatched("POST", "/hello", "unread"),
      dispatched("GET", "/hello"),
    ]);
    return answers.map(({ body }) => body).join(" ");
  },
  concurrent: () => concurrent(async () => (await dispatched("GET", "/hello")).body === "hello"),
  reset: () => alone((own) => dispatched("GET", "/reset", undefined, own).then(() => "answered", () => "error")),
  cut: () => alone((own) => dispatched("GET", "/cut", undefined, own).then(() => "answered", () => "error")),
  abort_wait: () =>
    alone((own) => own.request({ method: "GET", path: "/slow", signal: AbortSignal.timeout(200) }).catch(() => "left")),
  abort_body: () =>
    alone(async (own) => {
      const { body } = await own.request({ method: "GET", path: "/drip" });
      await new Promise((resolve) => body.once("data", resolve));
      body.on("error", () => {});
      body.destroy();
      return "left";
    }),
});

for (const [kind, all] of Object.entries({ fetch: withFetch, http: withHttp, undici: withUndici })) {
  for (const [name, result] of Object.entries(all)) {
    const text = await result().catch((error) => `${error} ${error.cause ?? ""}`);
    process.stdout.write(`${kind}_${name}: ${text}\n`);
  }
}
process.exit(0);
