import { deepEqual, equal } from "node:assert/strict";
import { createPerfmock, type EngineName } from "../../mod.ts";
import { until } from "../support/wait.ts";
import { foundBy } from "./_browser_page.ts";
import { npmInstall, temporaryFolder } from "./_packages.ts";
import { required, run } from "./_software.ts";

const ENGINES: readonly EngineName[] = ["native", "deno", "node"];

/** A route with a script, replies, and an echo. */
const ROUTE = {
  id: "live",
  path: "/live",
  serviceTime: "20ms",
  websocket: {
    messages: [{ send: { n: "{{index}}" } }, { after: "5ms", send: "tick" }],
    on: { ping: "pong", bye: { send: "farewell" } },
    echo: true,
    protocols: ["v1"],
  },
};

/** A client's part, and its report: in Node with the package ws and in a browser alike. */
const TALK = `
async function talk(url, Socket) {
  const got = [];
  const socket = new Socket(url, ["v0", "v1"]);
  socket.binaryType = "arraybuffer";
  const closed = new Promise((done) => socket.onclose = ({ code, reason, wasClean }) => done([code, reason, wasClean]));
  socket.onmessage = ({ data }) => got.push(typeof data === "string" ? data : [...new Uint8Array(data)].join(","));
  await new Promise((done) => socket.onopen = done);
  const until = async (count) => { while (got.length < count) await new Promise((done) => setTimeout(done, 5)); };
  await until(2);
  for (const text of ["ping", "héllo", "x".repeat(100000)]) socket.send(text);
  socket.send(new Uint8Array([1, 2, 255]));
  await until(6);
  const protocol = socket.protocol;
  socket.close(4002, "enough");
  const end = await closed;
  const failed = await new Promise((done) => { const plain = new Socket(url.replace("live", "plain")); plain.onerror = () => done(true); plain.onopen = () => done(false); });
  return { protocol, got: got.map((text) => text.length > 50 ? text.length : text), code: end[0], clean: end[2], failed };
}
`;

const EXPECTED = {
  protocol: "v1",
  got: ['{"n":0}', "tick", "pong", "héllo", 100_000, "1,2,255"],
  code: 4002,
  clean: true,
  failed: true,
};

function serve(engine: EngineName) {
  return createPerfmock({
    server: { engine },
    routes: [ROUTE, { path: "/plain", response: { text: "plain" } }],
  });
}

for (const engine of ENGINES) {
  Deno.test({
    name: `${engine}: the package ws in Node talks over a WebSocket`,
    ignore: !required,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await serve(engine);
      await npmInstall(folder.path, "ws@8.18.0");
      const client = `${folder.path}/client.mjs`;
      await Deno.writeTextFile(
        client,
        `import { WebSocket } from "ws";\n${TALK}\nconsole.log(JSON.stringify(await talk(process.argv[2], WebSocket)));\n`,
      );
      const url = `ws://${server.url.host}/live`;
      const { output, code } = await run("node", [client, url], "");
      equal(code, 0, output);
      deepEqual(JSON.parse(output), { ...EXPECTED, clean: true });
      await until(() => server.requests().length > 0);
      const [{ webSocket }] = server.requests();
      deepEqual([webSocket?.code, webSocket?.messagesReceived], [4002, 4]);
    },
  });

  Deno.test({
    name: `${engine}: a page in Chromium talks over a WebSocket`,
    ignore: !required,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await serve(engine);
      const url = `ws://${server.url.host}/live`;
      const found = await foundBy(
        `<!doctype html><title>Test</title><script type="module">${TALK}
await fetch("/found", { method: "POST", body: JSON.stringify(await talk("${url}", WebSocket)) });
</script>`,
        folder.path,
      );
      deepEqual(found, EXPECTED);
    },
  });
}
