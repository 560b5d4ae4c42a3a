/**
 * Thread that waits until the other end of the channel to the process that has started this one is closed, by that process or by the
 * system, which closes it however a process ends. It tells the main thread, and kills the process if that does not end.
 *
 * The wait is a call of the system, `poll`, on the channel's descriptor: that the other end is closed is a state of the descriptor,
 * which no event can miss and no unread data hides.
 *
 * @module
 */

/** Descriptor of the channel: the first one after standard input, output and error; see spawn_deno.ts. */
const CHANNEL = 3;

/** Time in which the main thread may end the process in order, in ms. */
const GRACE = 2000;

/** Time between two looks where the system returns without having waited, in ms. */
const PAUSE = 50;

/** Bits of `poll`: an error, the other end is closed, and no such descriptor. */
const EVENTS = { error: 0x08, closed: 0x10, invalid: 0x20 };

/** Names of the C library, which differ by system. */
const LIBRARIES: readonly string[] = Deno.build.os === "darwin"
  ? ["libSystem.B.dylib"]
  : ["libc.so.6", `libc.musl-${Deno.build.arch}.so.1`, "libc.so"];

waitForEnd();
(self as unknown as Pick<Worker, "postMessage">).postMessage("ended");
sleep(GRACE);
Deno.kill(Deno.pid, "SIGKILL");

/** Returns once the other end of the channel is closed. */
function waitForEnd(): void {
  const poll = systemPoll();
  // struct pollfd { int fd; short events; short revents; }
  const descriptor = new Uint8Array(8);
  const words = new DataView(descriptor.buffer);
  words.setInt32(0, CHANNEL, true);
  words.setInt16(4, EVENTS.closed, true);
  const over = EVENTS.error | EVENTS.closed | EVENTS.invalid;
  for (;;) {
    words.setInt16(6, 0, true);
    poll(descriptor, 1, -1);
    if ((words.getInt16(6, true) & over) !== 0) return;
    // A signal has interrupted the call, or, on macOS, there are messages that the main thread will read.
    sleep(PAUSE);
  }
}

/**
 * Returns the system's `poll`.
 *
 * @throws Error if there is no C library of a known name
 */
function systemPoll(): (
  descriptors: Uint8Array<ArrayBuffer>,
  count: number,
  timeout: number,
) => number {
  // nfds_t is 32 bits wide on macOS and 64 on Linux, where registers hold a small number alike.
  const symbols = {
    poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
  } as const;
  const errors: unknown[] = [];
  for (const name of LIBRARIES) {
    try {
      return Deno.dlopen(name, symbols).symbols.poll;
    } catch (error) {
      errors.push(error);
    }
  }
  throw new AggregateError(
    errors,
    `Cannot watch the process that has started perfmock: no C library is called ${
      LIBRARIES.join(" or ")
    }`,
  );
}

/** Waits for a time in ms. */
function sleep(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}
