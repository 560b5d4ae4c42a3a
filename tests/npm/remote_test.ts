import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { isOver } from "../../npm/control_calls.ts";
import { remoteSession, type ServerAddress } from "../../npm/remote.ts";
import { errorOf } from "../support/errors.ts";

const CONFIG = {
  seed: 3,
  routes: [{ id: "a", path: "/a", serviceTime: "5ms" }],
};

function addressOf({ url, config }: Perfmock): ServerAddress {
  const { control, sessions } = config;
  return {
    url: url.href,
    control: new URL(control.path, url).href,
    sessionHeader: sessions.header,
    ...control.token !== null && { token: control.token },
  };
}

Deno.test("remoteSession() makes a session whose calls reach it alone", async () => {
  await using server = await createPerfmock(CONFIG);
  const address = addressOf(server);
  const session = await remoteSession(address, {
    routes: { a: { serviceTime: "1ms" } },
  });
  equal(session.serverUrl, server.url.href);
  match(session.url, new RegExp(`^http://${session.id}\\.localhost:`));
  const response = await fetch(new URL("/a", session.serverUrl), {
    headers: session.headers,
  });
  await response.body?.cancel();
  const { routes } = await session.stats();
  deepEqual([routes.a.arrivals, routes.a.target.p50], [1, 1]);
  equal(server.stats().routes.a.arrivals, 0);
  equal((await session.requests(5)).length, 1);
  equal((await session.requests({ route: "a", status: 404 })).length, 0);
  await session.update({ seed: 4 });
  equal((await session.call("GET", "config") as { seed: number }).seed, 4);
  await session.reset();
  equal((await session.requests()).length, 0);
  await session.renew();
  equal((await session.call("GET", "/config") as { seed: number }).seed, 3);
  await session.stop();
  await session.stop();
  equal((await errorOf(() => session.stats())).code, "SESSION_UNKNOWN");
});

Deno.test("remoteSession() passes the token, and its errors list all issues and begin at the caller's line", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    control: { token: "secret-of-the-test" },
  });
  const address = addressOf(server);
  const session = await remoteSession(address);
  const error = await errorOf(() =>
    session.call("PATCH", "/routes/a", { serviceTime: "soon", scale: -1 })
  );
  equal(error.code, "CONFIG_INVALID");
  equal(error.issues.length, 2);
  match(error.message, /serviceTime: [^]*scale: /);
  match(error.stack ?? "", /^ {4}at .*remote_test\.ts/m);
  ok(!/npm\/remote\.ts/.test(error.stack ?? ""), error.stack);
  await session.stop();
  const { token: _, ...without } = address;
  const refused = await errorOf(() => remoteSession(without));
  match(refused.message, /token/i);
});

Deno.test("remoteSession() of a server that does not answer says so", async () => {
  const server = await createPerfmock(CONFIG);
  const address = addressOf(server);
  const session = await remoteSession(address);
  await server[Symbol.asyncDispose]();
  const error = await errorOf(() => session.stats());
  equal(error.code, "SERVER_NOT_STARTED");
  match(
    error.message,
    /^Cannot use the server at http:\/\/127\.0\.0\.1:\d+: it does not answer/,
  );
  ok(isOver(error));
  await session.stop();
});

Deno.test("A control call that is answered with no JSON is an error with its text", async () => {
  await using other = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("a proxy's page", { status: 502 }),
  );
  const url = `http://127.0.0.1:${other.addr.port}/`;
  let message = "";
  try {
    await remoteSession({ url, control: url, sessionHeader: "x" });
  } catch (error) {
    message = String(error);
  }
  match(message, /The server answered a control call with 502: a proxy's page/);
});
