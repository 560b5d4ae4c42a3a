/**
 * Requests that are valid, known for smuggling, or one to four changes away from either.
 *
 * @module
 */

/** Requests to start from. */
const SEEDS: readonly string[] = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET /a/b?c=d&e=%20 HTTP/1.1\r\nHost: example.org:8080\r\nUser-Agent: x/1 (y; z)\r\nAccept: */*\r\n\r\n",
  "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "GET / HTTP/1.0\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
  "GET http://b.example/p?q HTTP/1.1\r\nHost: a\r\n\r\n",
  "DELETE /x HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
  "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
  "PUT /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
  "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA;n=v;q="s"\r\n0123456789\r\n0\r\nT: x\r\n\r\n',
  'POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n01;a;b=c ; d="\\""\r\nx\r\n2\r\n\r\n\r\n00;e\r\nT: x\r\nU: y\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x80\0\0\0\0",
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=2\r\nCookie: c=\xe9\r\nX: \t y \t\r\nEmpty:\r\n\r\n",
  "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
  "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n",
  "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
  "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
];

/** Header lines to add. */
const LINES: readonly string[] = [
  "Host: a",
  "Host: b",
  "Host:",
  "Host: a b",
  "Host: a@b",
  "Content-Length: 0",
  "Content-Length: 5",
  "Content-Length: 05",
  "Content-Length: +5",
  "Content-Length: -5",
  "Content-Length: 0x5",
  "Content-Length: 5, 5",
  "Content-Length: 5,6",
  "Content-Length: 5 5",
  "Content-Length:",
  "Content-Length: 9007199254740991",
  "Content-Length: 9007199254740992",
  "Content-Length: 18446744073709551616",
  "Content-Length: 5\x0b",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: Chunked",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: gzip, chunked",
  "Transfer-Encoding: chunked, gzip",
  "Transfer-Encoding: chunked, chunked",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding: chunked;a=b",
  "Transfer-Encoding:",
  "Transfer-Encoding: chunked,",
  "Transfer-Encoding:\x0bchunked",
  "Transfer-Encoding : chunked",
  "Transfer_Encoding: chunked",
  " Transfer-Encoding: chunked",
  "X: y\r\n folded",
  "X: y\n\tfolded",
  "X: y\rTransfer-Encoding: chunked",
  "X: y\nTransfer-Encoding: chunked",
  "X y",
  "X",
  ": y",
  "X: \xff\x80",
  "X\xff: y",
  "Connection: close",
  "Connection: keep-alive",
  "Connection: keep-alive, close",
  "Connection: upgrade",
  "Connection: ,",
  "Proxy-Connection: close",
  "Upgrade: websocket",
  "Expect: 100-continue",
  "Expect: tea",
  "Expect: 100-continue, tea",
  "Expect:",
  "Cookie: a=b",
];

/** Texts that take the place of others, or stand between them. */
const PIECES: readonly string[] = [
  ..."\0\x01\t\n\x0b\r \x1f\x7f\x80\xa0\xff:;,/?#@[]{}|\\\"'=+-_%.*09afg",
  "\r\n",
  "\n\n",
  "\r\r\n",
  "\r\n\r\n",
  "\n\r",
  "\r\n ",
  "\r\n\t",
  " :",
  ": ",
  "  ",
  "0x",
  "00",
  "HTTP/1.1",
  "0\r\n\r\n",
  "ffffffffffffffff",
];

const METHODS =
  "GET HEAD POST PUT TRACE QUERY PURGE FOO get G\xcbT M-SEARCH CONNECT OPTIONS "
    .split(" ");

const TARGETS =
  "/ * a:80 b http://c http://c/ https://c/d?e http://u@c/ http:// ftp://c/ //c /a#b /\xe9 /a|b{c}\\ ?q /%zz /../x"
    .split(" ");

const VERSIONS =
  "HTTP/1.1 HTTP/1.0 HTTP/0.9 HTTP/1.2 HTTP/2.0 HTTP/1.10 http/1.1 HTTP/1 HTTP /1.1 HTTP/11 ICE/1.1 RTSP/1.0"
    .split(" ");

/** A source of chance that starts from a seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A whole number from 0 up to, not including, a limit. */
  below(limit: number): number {
    this.#state = this.#state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(this.#state ^ this.#state >>> 15, 1 | this.#state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * limit);
  }

  /** One of several values. */
  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}

/** One case: bytes as Latin-1. */
export function generate(chance: Chance): string {
  let text = chance.of(SEEDS);
  const changes = chance.below(5);
  if (chance.below(4) === 0) text += chance.of(SEEDS);
  for (let i = 0; i < changes; i++) text = chance.of(CHANGES)(text, chance);
  // Bytes that a parser still waits for may come after all.
  if (chance.below(3) === 0) text += chance.of(SEEDS);
  return text;
}

type Change = (text: string, chance: Chance) => string;

/** Ways to change a request, more frequent ones repeated. */
const CHANGES: readonly Change[] = [
  addLine,
  addLine,
  addLine,
  insert,
  insert,
  replace,
  replace,
  remove,
  breakEnd,
  breakEnd,
  repeatLine,
  swapLines,
  changeCase,
  space,
  changeRequestLine,
  changeRequestLine,
  changeNumber,
  repeatPart,
];

function splice(text: string, at: number, count: number, by: string): string {
  return text.slice(0, at) + by + text.slice(at + count);
}

function insert(text: string, chance: Chance): string {
  return splice(text, chance.below(text.length + 1), 0, chance.of(PIECES));
}

function replace(text: string, chance: Chance): string {
  return splice(text, chance.below(text.length), 1, chance.of(PIECES));
}

function remove(text: string, chance: Chance): string {
  return splice(text, chance.below(text.length), 1 + chance.below(3), "");
}

/** Adds a header line after any line. */
function addLine(text: string, chance: Chance): string {
  const lines = text.split("\r\n");
  const end = Math.max(1, lines.indexOf(""));
  lines.splice(1 + chance.below(end), 0, chance.of(LINES));
  return lines.join("\r\n");
}

function repeatLine(text: string, chance: Chance): string {
  const lines = text.split("\r\n");
  const at = chance.below(lines.length);
  lines.splice(chance.below(lines.length), 0, lines[at]);
  return lines.join("\r\n");
}

function swapLines(text: string, chance: Chance): string {
  const lines = text.split("\r\n");
  const [line] = lines.splice(chance.below(lines.length), 1);
  lines.splice(chance.below(lines.length + 1), 0, line);
  return lines.join("\r\n");
}

/** Ends one line in another way. */
function breakEnd(text: string, chance: Chance): string {
  const ends = [...text.matchAll(/\r\n/g)];
  if (ends.length === 0) return text;
  const end = chance.of([
    "\n",
    "\r",
    "\r\r\n",
    "\n\r",
    "",
    "\r\n\r\n",
    "\r\n ",
  ]);
  return splice(text, chance.of(ends).index, 2, end);
}

function changeCase(text: string, chance: Chance): string {
  const at = chance.below(text.length);
  const count = 1 + chance.below(12);
  const part = text.slice(at, at + count);
  return splice(
    text,
    at,
    count,
    part === part.toUpperCase() ? part.toLowerCase() : part.toUpperCase(),
  );
}

/** Adds white space around a colon or at the end of a line. */
function space(text: string, chance: Chance): string {
  const places = [...text.matchAll(/:|\r\n|;|,/g)];
  if (places.length === 0) return text;
  const { index } = chance.of(places);
  return splice(
    text,
    index + chance.below(2),
    0,
    chance.of([" ", "\t", "  ", " \t", "\x0b", "\xa0", "\x0c"]),
  );
}

function changeRequestLine(text: string, chance: Chance): string {
  const end = text.indexOf("\r\n");
  const [method, target, ...version] = text.slice(0, Math.max(0, end)).split(
    " ",
  );
  if (end < 0 || version.length === 0) return text;
  const parts = [method, target, version.join(" ")];
  const at = chance.below(3);
  parts[at] = chance.of([METHODS, TARGETS, VERSIONS][at]);
  return parts.join(" ") + text.slice(end);
}

function changeNumber(text: string, chance: Chance): string {
  const numbers = [...text.matchAll(/(?<=: |\r\n)[0-9a-fA-F]+(?=\r\n|;)/g)];
  if (numbers.length === 0) return text;
  const { 0: digits, index } = chance.of(numbers);
  const by = chance.of([
    "",
    "0",
    "1",
    "4",
    "6",
    `0${digits}`,
    `+${digits}`,
    `-${digits}`,
    `0x${digits}`,
    ` ${digits}`,
    `${digits} `,
    `${digits};`,
    `${digits};a`,
    `${digits} ;a="b`,
    `${digits};a=b c`,
    `${digits},${digits}`,
    `${digits}.0`,
    `${digits}_0`,
    "9".repeat(25),
    "f".repeat(13),
    "f".repeat(14),
    "f".repeat(16),
    `${"0".repeat(20)}${digits}`,
    "10000000000000005",
  ]);
  return splice(text, index, digits.length, by);
}

function repeatPart(text: string, chance: Chance): string {
  const at = chance.below(text.length);
  const part = text.slice(at, at + 1 + chance.below(20));
  return splice(text, at, 0, part.repeat(1 + chance.below(3)));
}
