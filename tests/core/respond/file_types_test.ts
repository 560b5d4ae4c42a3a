import { equal } from "node:assert/strict";
import { typeOfFile } from "../../../core/respond/file_types.ts";

Deno.test("typeOfFile() knows the files of frontends, in any case, and takes others for bytes", () => {
  for (
    const [name, type] of Object.entries({
      "/a/index.html": "text/html; charset=utf-8",
      "app.5f3a.MJS": "text/javascript; charset=utf-8",
      "app.js.map": "application/json",
      "a.wasm": "application/wasm",
      "captions.vtt": "text/vtt; charset=utf-8",
      "live.m3u8": "application/vnd.apple.mpegurl",
      "a.woff2": "font/woff2",
      "/a.js/LICENSE": "application/octet-stream",
      "a.unknown": "application/octet-stream",
    })
  ) equal(typeOfFile(name), type, name);
});
