import { equal, match, ok, throws } from "node:assert/strict";
import { ERRNO, loadLibc, obstacle } from "../../../core/net/libc.ts";

Deno.test("obstacle() is undefined where the calls can be loaded", () => {
  equal(obstacle(), undefined);
  loadLibc().close();
});

Deno.test({
  name:
    "obstacle() names the permission that is missing, and loadLibc() refuses for it",
  permissions: { ffi: false },
  fn() {
    match(obstacle() ?? "", /--allow-ffi/);
    throws(() => loadLibc(), { message: obstacle() });
  },
});

Deno.test("loadLibc() tells the number of a call's error", () => {
  const libc = loadLibc();
  equal(libc.calls.close(-1), -1);
  equal(libc.errno(), 9);
  const fd = libc.calls.socket(2, 1 | 0o4000, 0);
  ok(fd >= 0);
  const address = new Uint8Array(28);
  const size = new Uint8Array(new Int32Array([28]).buffer);
  equal(libc.calls.listen(fd, 1), 0);
  equal(libc.calls.accept4(fd, address, size, 0), -1);
  equal(libc.errno(), ERRNO.wouldBlock);
  equal(libc.calls.close(fd), 0);
  libc.close();
});

Deno.test("obstacle() names other systems and processors", () => {
  const { build } = Deno;
  try {
    for (
      const [given, expected] of [
        [{ os: "darwin", arch: "aarch64" }, /Linux, and this is darwin/],
        [{ os: "linux", arch: "riscv64" }, /processor, and this is riscv64/],
      ] as const
    ) {
      Object.defineProperty(Deno, "build", {
        value: { ...build, ...given },
        configurable: true,
        writable: true,
      });
      match(obstacle() ?? "", expected);
    }
  } finally {
    Object.defineProperty(Deno, "build", {
      value: build,
      configurable: true,
      writable: true,
    });
  }
});
