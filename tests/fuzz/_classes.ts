/**
 * All ways in which perfmock's parser and Node's are known to disagree. docs/http.md shows them as a table.
 *
 * @module
 */
import type { Disagreement } from "./_compare.ts";

/** A known kind of disagreement. */
export interface Class {
  /** Words that name what was sent. */
  readonly name: string;
  /** Words for what perfmock and Node do. */
  readonly perfmock: string;
  readonly node: string;
  /** Reason for the difference, in one sentence. */
  readonly reason: string;
  /** True if a disagreement is of this kind. The first kind counts. */
  readonly holds: (one: Disagreement) => boolean;
}

/** Methods that Node knows; all of HTTP but SOURCE, which belongs to ICE. */
const NODE_METHODS: ReadonlySet<string> = new Set(
  ("ACL BIND CHECKOUT CONNECT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS " +
    "PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE")
    .split(" "),
);

/** True if perfmock refuses for one of some reasons, and Node does not. */
function refuses(...reasons: readonly string[]): Class["holds"] {
  return (one) => one.refuses === "perfmock" && reasons.includes(one.what);
}

/** True if Node refuses with one of some errors, and perfmock does not. */
function nodeRefuses(...errors: readonly string[]): Class["holds"] {
  return (one) =>
    one.refuses === "node" && errors.some((error) => one.what.includes(error));
}

/** True if all of some conditions hold. */
function all(...conditions: readonly Class["holds"][]): Class["holds"] {
  return (one) => conditions.every((holds) => holds(one));
}

/** True if the request, or what follows it, matches. */
function matches(pattern: RegExp): Class["holds"] {
  return ({ text }) => pattern.test(text);
}

/** True if the request line, after empty lines, matches. */
function lineMatches(pattern: RegExp): Class["holds"] {
  return ({ text }) =>
    pattern.test(text.replace(/^(\r\n)+/, "").split("\r\n", 1)[0]);
}

/** Errors of Node about lengths and codings. */
const FRAMING = [
  "HPE_INVALID_CONTENT_LENGTH",
  "HPE_UNEXPECTED_CONTENT_LENGTH",
  "HPE_INVALID_TRANSFER_ENCODING",
];

/** The known kinds of disagreement. */
export const CLASSES: readonly Class[] = [
  {
    name: "CONNECT",
    perfmock: "501",
    node: "offers a tunnel",
    reason: "perfmock is no proxy.",
    holds: refuses("CONNECT is not implemented"),
  },
  {
    name: "Upgrade, then more",
    perfmock: "reads on",
    node: "reads no more requests",
    reason:
      "A server may ignore an offer to upgrade; what follows is HTTP/1.1 then, unless a route opens a WebSocket.",
    holds: (one) => one.node === "upgrade",
  },
  {
    name: "Host that names no host",
    perfmock: "400",
    node: "accepts",
    reason: "RFC 9112, section 3.2, demands the refusal.",
    holds: refuses("Host is not the name of a host"),
  },
  {
    name: "Host twice",
    perfmock: "400",
    node: "takes the first",
    reason: "RFC 9112, section 3.2, demands the refusal.",
    holds: refuses("Host is repeated"),
  },
  {
    name: "Methods of any name",
    perfmock: "accepts",
    node: "400",
    reason: "Routes may have any method; a token is one.",
    holds: all(
      nodeRefuses(
        "HPE_INVALID_METHOD",
        "HPE_PAUSED_H2_UPGRADE",
        "Expected HTTP/2 Connection Preface",
      ),
      ({ ours }) => ours === undefined || !NODE_METHODS.has(ours.method),
    ),
  },
  {
    name: "Versions 0.9 and 2.0",
    perfmock: "505",
    node: "accepts",
    reason: "Neither has request lines of this form.",
    holds: refuses("the version is neither HTTP/1.0 nor HTTP/1.1"),
  },
  {
    name: "No version",
    perfmock: "400",
    node: "takes it for HTTP/0.9",
    reason: "HTTP/0.9 has no headers, so that its body can hide a request.",
    holds: refuses("the request line has no version"),
  },
  {
    name: "RTSP and ICE",
    perfmock: "400",
    node: "accepts for some methods",
    reason: "They are other protocols.",
    holds: all(
      refuses("the request line does not end with its version"),
      lineMatches(/ (RTSP|ICE)\//),
    ),
  },
  {
    name: "Several spaces in the request line",
    perfmock: "400",
    node: "skips them",
    reason: "RFC 9112, section 3, allows exactly one.",
    holds: all(
      refuses(
        "the request line does not end with its version",
        "the target is empty",
      ),
      lineMatches(/ {2}/),
    ),
  },
  {
    name: "Target that is no path and no http URL",
    perfmock: "400",
    node: "accepts any scheme",
    reason: "perfmock serves http and https alone.",
    holds: refuses("the target is neither a path nor an http URL"),
  },
  {
    name: "Target with an invalid authority",
    perfmock: "400",
    node: "accepts",
    reason: "RFC 9110, section 4.2.4, warns of user names in it.",
    holds: refuses("the target's authority is not valid"),
  },
  {
    name: "Target `*` without OPTIONS",
    perfmock: "400",
    node: "accepts",
    reason: "RFC 9112, section 3.2.4, has it for OPTIONS alone.",
    holds: refuses("the target * is for OPTIONS alone"),
  },
  {
    name: "`#` in the target",
    perfmock: "400",
    node: "accepts",
    reason: "Clients keep fragments to themselves.",
    holds: all(
      refuses("the target contains a character that is not allowed"),
      lineMatches(/#/),
    ),
  },
  {
    name: "More than 4 empty lines before a request",
    perfmock: "400",
    node: "skips them all",
    reason: "RFC 9112, section 2.2, asks for one to be skipped.",
    holds: all(
      refuses("there are too many empty lines"),
      matches(/^(\r\n){4}/),
    ),
  },
  {
    name: "CR or LF alone before a request",
    perfmock: "400",
    node: "skips them",
    reason: "Lines end with CR LF.",
    holds: all(
      refuses(
        "the request line does not start with a method",
        "a line does not end with carriage return and line feed",
      ),
      matches(/^(\r\n)*(\n|\r[^\n])/),
    ),
  },
  {
    name: "Expect other than 100-continue",
    perfmock: "417",
    node: "ignores it in HTTP/1.0, and takes lists with 100-continue",
    reason: "An expectation that cannot be met is refused.",
    holds: refuses("Expect has a value other than 100-continue"),
  },
  {
    name: "Content-Length above 2^53 - 1",
    perfmock: "413",
    node: "accepts up to 2^64 - 1",
    reason: "JavaScript cannot count so far.",
    holds: refuses("Content-Length is too large"),
  },
  {
    name: "Empty Transfer-Encoding",
    perfmock: "400",
    node: "ignores it",
    reason: "Other servers could take the body for chunked.",
    holds: all(
      refuses(
        "Transfer-Encoding is not chunked, once and at its end",
        "Transfer-Encoding is not part of HTTP/1.0",
        "Content-Length and Transfer-Encoding exclude each other",
        "Transfer-Encoding has codings other than chunked",
      ),
      matches(/transfer-encoding:[ \t]*\r\n/i),
    ),
  },
  {
    name: "Upgrade beside a Transfer-Encoding other than chunked",
    perfmock: "400",
    node: "accepts, without a body",
    reason: "Where the request ends cannot be told.",
    holds: all(
      refuses("Transfer-Encoding is not chunked, once and at its end"),
      matches(/\r\nupgrade:/i),
      ({ node }) => node === "accepts",
    ),
  },
  {
    name: "Upgrade beside chunked with a tab after it",
    perfmock: "reads chunks",
    node: "accepts, without a body",
    reason: "RFC 9110, section 5.5, has tabs as white space.",
    holds: all(
      ({ refuses, ours, node }) =>
        refuses !== "node" && ours !== undefined && node === "accepts",
      matches(/\r\nupgrade:/i),
      matches(/transfer-encoding:[^\r\n]*chunked *\t/i),
    ),
  },
  {
    name: "PRI as a method",
    perfmock: "reads a request",
    node: "waits for the rest of an HTTP/2 preface",
    reason: "HTTP/2 is known by its version.",
    holds: all(
      ({ refuses, node }) => refuses === "perfmock" && node === "head",
      lineMatches(/^PRI /),
    ),
  },
  {
    name: "Transfer-Encoding with more than chunked",
    perfmock: "501",
    node: "ignores the other codings",
    reason: "The body could not be read.",
    holds: refuses("Transfer-Encoding has codings other than chunked"),
  },
  {
    name: "chunked twice, the first with a tab after it",
    perfmock: "400",
    node: "takes it for chunked once",
    reason: "RFC 9112, section 6.1, allows it once.",
    holds: all(
      refuses("Transfer-Encoding is not chunked, once and at its end"),
      matches(/chunked *\t[ \t]*(,|\r\n)[^]*chunked/i),
    ),
  },
  {
    name: "Transfer-Encoding in HTTP/1.0",
    perfmock: "400",
    node: "reads chunks",
    reason: "RFC 9112, section 6.1, takes it for faulty framing.",
    holds: refuses("Transfer-Encoding is not part of HTTP/1.0"),
  },
  {
    name: "Chunk sizes above 2^53 - 1, or of more than 16 digits",
    perfmock: "413",
    node: "accepts up to 2^64 - 1",
    reason: "JavaScript cannot count so far.",
    holds: refuses("a chunk's size is too large"),
  },
  {
    name: "Chunk extensions that are neither tokens nor quoted",
    perfmock: "400",
    node: "accepts some",
    reason: "RFC 9112, section 7.1.1, has no such extensions.",
    holds: refuses("a chunk extension is not valid"),
  },
  {
    name: "White space around chunk extensions",
    perfmock: "skips it",
    node: "400",
    reason: "RFC 9112, section 7.1.1, demands that it is skipped.",
    holds: all(
      nodeRefuses("HPE_STRICT: Invalid character in chunk ext", "chunk size"),
      matches(/[ \t][;=]|[;=][ \t]/),
    ),
  },
  {
    name: "Lengths and codings as trailers",
    perfmock: "discards them",
    node: "400",
    reason: "RFC 9110, section 6.5.1, lets a server discard trailers.",
    holds: all(
      nodeRefuses(...FRAMING),
      ({ ours }) =>
        ours?.fields.join().toLowerCase().includes("chunked") ?? false,
      matches(
        /\r\n0+[^\r\n]*\r\n([^\r\n]+\r\n)*(content-length|transfer-encoding):/i,
      ),
    ),
  },
  {
    name: "Connection as a trailer",
    perfmock: "discards it",
    node: "obeys it",
    reason: "RFC 9110, section 6.5.1, lets a server discard trailers.",
    holds: all(
      ({ node }) => node === "closed",
      ({ before }) =>
        /\r\n0+[^\r\n]*\r\n([^\r\n]+\r\n)*(proxy-)?connection:[^\r\n]*close[^\r\n]*\r\n([^\r\n]+\r\n)*\r\n$/i
          .test(before),
    ),
  },
  {
    name: "Tabs after a length or a coding",
    perfmock: "cuts them",
    node: "400",
    reason: "RFC 9110, section 5.5, has tabs as white space.",
    holds: all(
      nodeRefuses(...FRAMING),
      matches(/(content-length|transfer-encoding):[^\r\n]*\t[ \t]*\r\n/i),
    ),
  },
  {
    name: "Wrong lengths and codings in a head that is not complete",
    perfmock: "400 at the end of the head",
    node: "400 at the end of the line",
    reason: "What matters is decided once all lines are there.",
    holds: all(nodeRefuses(...FRAMING), ({ perfmock }) => perfmock === "head"),
  },
  {
    name: "Wrong target in a request line that is not complete",
    perfmock: "400 at the end of the line",
    node: "400 within the line",
    reason: "The version decides first.",
    holds: all(
      nodeRefuses("HPE_INVALID_URL"),
      ({ perfmock, text }) =>
        perfmock === "head" && !/\n[^]*\n/.test(text.trim()),
    ),
  },
  {
    name: "Proxy-Connection",
    perfmock: "ignores it",
    node: "takes it for Connection",
    reason: "No standard knows it.",
    holds: all(
      ({ refuses, what }) => refuses === "both" && what === "keepAlive",
      matches(/proxy-connection:/i),
    ),
  },
  {
    name: "Tabs around a connection option",
    perfmock: "cuts them",
    node: "does not know the option",
    reason: "RFC 9110, section 5.6.1, has tabs as white space.",
    holds: all(
      ({ refuses, what }) => refuses === "both" && what === "keepAlive",
      matches(/connection:[^\r\n]*\t/i),
    ),
  },
  {
    name: "close beside keep-alive in HTTP/1.0",
    perfmock: "closes",
    node: "keeps the connection",
    reason: "RFC 9112, section 9.3, lets close win.",
    holds: all(
      ({ refuses, what }) => refuses === "both" && what === "keepAlive",
      ({ ours }) => ours?.minor === 0 && !ours.keepAlive,
      matches(/connection:[^\r\n]*close/i),
    ),
  },
];
