/**
 * The part of the C library that serves sockets, called through `Deno.dlopen`: Linux with glibc, x86-64 and arm64.
 *
 * All calls return at once, with -1 for an error whose number is in {@linkcode Libc.errno}; only `wait` blocks. Buffers are handed
 * over for the time of the call, so that memory is never freed while the kernel uses it. `waitOnThread` is the exception: it runs
 * on a thread of Deno's pool, and its caller keeps the buffers.
 *
 * @module
 */

/** Numbers of the errors that callers tell apart, equal on x86-64 and arm64. */
export const ERRNO = {
  interrupted: 4,
  wouldBlock: 11,
  noAccess: 13,
  processLimit: 24,
  systemLimit: 23,
  noBuffers: 105,
  noMemory: 12,
  connectionAborted: 103,
  inUse: 98,
  notAvailable: 99,
  familyUnsupported: 97,
  connectionRefused: 111,
  inProgress: 115,
} as const;

/** True for an error of `recv` or `send` after which the call may succeed later. */
export function isTemporary(errno: number): boolean {
  return errno === ERRNO.wouldBlock || errno === ERRNO.interrupted ||
    errno === ERRNO.noBuffers || errno === ERRNO.noMemory;
}

/** Flag of `send`: a peer that is gone is an error, not a signal that ends the process. */
export const NO_SIGNAL = 0x4000;

/** Argument of `shutdown`: ends the direction to the peer. */
export const SHUT_WRITE = 1;

/** Events of a descriptor: a set of bits. */
export const EVENT = {
  readable: 0x001,
  writable: 0x004,
  error: 0x008,
  /** Both directions have ended. */
  hangUp: 0x010,
  /** The peer has ended its direction. */
  peerEnded: 0x2000,
  /** Report a change once, not a state again and again. */
  edge: 0x8000_0000,
} as const;

/** The calls. Lengths and results are in bytes. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    size: number,
  ): number;
  getsockopt(
    fd: number,
    level: number,
    option: number,
    value: Uint8Array,
    size: Uint8Array,
  ): number;
  bind(fd: number, address: Uint8Array, size: number): number;
  listen(fd: number, backlog: number): number;
  getsockname(fd: number, address: Uint8Array, size: Uint8Array): number;
  accept4(
    fd: number,
    address: Uint8Array,
    size: Uint8Array,
    flags: number,
  ): number;
  connect(fd: number, address: Uint8Array, size: number): number;
  recv(fd: number, buffer: Uint8Array, size: number, flags: number): number;
  send(fd: number, buffer: Uint8Array, size: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(
    epoll: number,
    operation: number,
    fd: number,
    event: Uint8Array,
  ): number;
  /** Waits for events, at most the time in `timeout` (struct timespec). */
  wait(
    epoll: number,
    events: Uint8Array,
    count: number,
    timeout: Uint8Array,
    mask: null,
  ): number;
  /** Waits as `wait` does, on another thread. A timeout of null waits for ever. */
  waitOnThread(
    epoll: number,
    events: Uint8Array,
    count: number,
    timeout: Uint8Array | null,
    mask: null,
  ): Promise<number>;
  eventfd(count: number, flags: number): number;
  read(fd: number, buffer: Uint8Array, size: number): number;
  write(fd: number, buffer: Uint8Array, size: number): number;
  prctl(option: number, value: number, a: number, b: number, c: number): number;
  getrlimit(resource: number, limit: Uint8Array): number;
  setrlimit(resource: number, limit: Uint8Array): number;
}

/** The calls, loaded. */
export interface LoadedLibc {
  /** The calls. */
  readonly calls: Libc;
  /** Number of the last call's error; see {@linkcode ERRNO}. Read it directly after the call. */
  errno(): number;
  /** Unloads the library. No call may be under way. */
  close(): void;
}

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // The results fit 32 bits, since no buffer is larger; 64 bits would be passed as BigInt.
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  wait: {
    name: "epoll_pwait2",
    parameters: ["i32", "buffer", "i32", "buffer", "pointer"],
    result: "i32",
  },
  waitOnThread: {
    name: "epoll_pwait2",
    parameters: ["i32", "buffer", "i32", "buffer", "pointer"],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  prctl: {
    parameters: ["i32", "usize", "usize", "usize", "usize"],
    result: "i32",
  },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Size of struct epoll_event, in bytes: packed on x86-64. */
export const EVENT_SIZE = Deno.build.arch === "x86_64" ? 12 : 16;

/** Offset of the data in struct epoll_event, in bytes. */
export const EVENT_DATA = Deno.build.arch === "x86_64" ? 4 : 8;

/**
 * Returns the reason why the calls cannot be loaded here, as a sentence without a full stop, without loading them; undefined if
 * none is known. Never prompts for a permission.
 */
export function obstacle(): string | undefined {
  const { os, arch } = Deno.build;
  if (os !== "linux") return `it needs Linux, and this is ${os}`;
  if (arch !== "x86_64" && arch !== "aarch64") {
    return `it needs an x86-64 or arm64 processor, and this is ${arch}`;
  }
  // The query names no path, so its answer is "prompt" where only single libraries are allowed.
  const { state } = Deno.permissions.querySync({ name: "ffi" });
  return state === "granted"
    ? undefined
    : "it needs the permission --allow-ffi";
}

/**
 * Loads the calls.
 *
 * @throws Error if the library or one of the calls is missing; the message is the reason
 */
export function loadLibc(): LoadedLibc {
  const reason = obstacle();
  if (reason !== undefined) throw new Error(reason);
  const library = Deno.dlopen("libc.so.6", SYMBOLS);
  const { symbols } = library;
  const location = symbols.__errno_location();
  if (location === null) throw new Error("errno has no address");
  // The address is the thread's own, and an isolate stays on its thread.
  const errno = new Int32Array(
    Deno.UnsafePointerView.getArrayBuffer(location, 4),
  );
  return {
    // Deno takes numbers for lengths; its types ask for BigInt.
    calls: symbols as unknown as Libc,
    errno: () => errno[0],
    close: () => library.close(),
  };
}
