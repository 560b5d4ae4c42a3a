import { deepEqual, equal } from "node:assert/strict";
import { encodeFrame, OPCODE } from "../../../core/websocket/frames.ts";
import {
  ServerPeer,
  switchingHead,
} from "../../../core/websocket/server_peer.ts";

/** A frame of a client, with a mask of zeros. */
function frame(opcode: number, payload: readonly number[] = []): Uint8Array {
  const [first, length, ...rest] = encodeFrame(
    opcode,
    Uint8Array.from(payload),
  );
  return Uint8Array.from([first, length | 0x80, 0, 0, 0, 0, ...rest]);
}

function peer() {
  const told: string[] = [];
  const made = new ServerPeer(
    () => ({
      buffered: 3,
      write: (bytes) => void told.push(`write ${[...bytes]}`),
      end: () => void told.push("end"),
      cut: () => void told.push("cut"),
    }),
    {
      message: (data) => void told.push(`message ${data}`),
      ended: (code) => void told.push(`ended ${code}`),
    },
    100,
  );
  return { made, told };
}

const CLOSE_1000 = [3, 232];

Deno.test("ServerPeer answers pings, passes messages on, and answers a close with its code", () => {
  const { made, told } = peer();
  equal(made.buffered, 3);
  made.received(frame(OPCODE.ping, [1, 2]));
  made.received(frame(OPCODE.pong));
  made.received(frame(OPCODE.text, [104, 105]));
  made.received(frame(OPCODE.binary, [7]));
  made.send("a");
  made.send(Uint8Array.of(9));
  made.received(frame(OPCODE.close, CLOSE_1000));
  made.received(frame(OPCODE.text, [104]));
  made.send("late");
  made.close(1000, "");
  made.lost();
  deepEqual(told, [
    "write 138,2,1,2",
    "message hi",
    "message 7",
    "write 129,1,97",
    "write 130,1,9",
    "write 136,2,3,232",
    "ended 1000",
    "end",
  ]);
});

Deno.test("ServerPeer closes once, and waits for the answer of the client", () => {
  const { made, told } = peer();
  made.close(1001, "b");
  made.close(1000, "");
  made.send("late");
  made.received(frame(OPCODE.text, [104]));
  made.received(frame(OPCODE.ping));
  made.received(frame(OPCODE.close, CLOSE_1000));
  deepEqual(told, ["write 136,3,3,233,98", "ended 1001", "end"]);
});

Deno.test("ServerPeer ends a connection whose client does not answer its close", async () => {
  const { made, told } = peer();
  made.close(1000, "");
  const limit = performance.now() + 30_000;
  while (!told.includes("end") && performance.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  deepEqual(told, ["write 136,2,3,232", "ended 1006", "end"]);
});

Deno.test("ServerPeer closes a connection that breaks the protocol, and tells of one that is lost", () => {
  const broken = peer();
  broken.made.received(frame(OPCODE.continuation));
  deepEqual(broken.told.slice(1), ["ended 1002", "end"]);
  equal(broken.told[0].startsWith("write 136,"), true);
  const lost = peer();
  lost.made.lost();
  lost.made.lost();
  deepEqual(lost.told, ["ended 1006"]);
  const cut = peer();
  cut.made.cut();
  deepEqual(cut.told, ["ended 1006", "cut"]);
  const closing = peer();
  closing.made.received(frame(OPCODE.close));
  deepEqual(closing.told, ["write 136,0", "ended 1005", "end"]);
});

Deno.test("switchingHead() has the acceptance, the protocol and further lines", () => {
  const head = (protocol?: string) =>
    new TextDecoder().decode(
      switchingHead("dGhlIHNhbXBsZSBub25jZQ==", {
        protocol,
        fields: "x-a: 1\r\n",
      }),
    );
  equal(
    head("p"),
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nsec-websocket-protocol: p\r\nx-a: 1\r\n\r\n",
  );
  equal(head().includes("protocol"), false);
});
