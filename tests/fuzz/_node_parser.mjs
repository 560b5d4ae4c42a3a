/**
 * Runs in Node: reads cases from standard input, has Node's own parser read each, and writes one line of JSON for each.
 *
 * A case is its length, 4 bytes little-endian, and its bytes. What Node's server checks after its parser, that HTTP/1.1 has a
 * Host and what Expect asks for, is checked here as it does.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import process from "node:process";

const { HTTPParser, allMethods } = process.binding("http_parser");
const parser = new HTTPParser();

/** What has been read of the current case. */
let messages = [];
let message = null;
let begun = false;
let upgrade = false;
let refusal = null;

function valueOf(fields, name) {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field.toLowerCase() === name);
  return at < 0 ? undefined : fields[at + 1];
}

function onMessageBegin() {
  begun = true;
  message = null;
}

/** Called with the first lines of long heads, and with trailers. */
let early = [];
let earlyUrl = "";
function onHeaders(fields, url) {
  if (message !== null) return;
  early.push(...fields);
  earlyUrl += url;
}

function onHeadersComplete(
  _major,
  minor,
  fields,
  method,
  url,
  _code,
  _message,
  isUpgrade,
  keepAlive,
) {
  message = {
    method: allMethods[method],
    target: earlyUrl + (url ?? ""),
    minor,
    fields: [...early, ...fields ?? []],
    keepAlive,
    body: "",
    complete: false,
  };
  early = [];
  earlyUrl = "";
  upgrade ||= isUpgrade;
  if (refusal === null) {
    messages.push(message);
    const expect = valueOf(message.fields, "expect");
    if (minor === 1 && valueOf(message.fields, "host") === undefined) {
      refusal = "Host is missing";
    } else if (
      minor === 1 && expect !== undefined &&
      !/(?:^|\W)100-continue(?:$|\W)/i.test(expect)
    ) refusal = "Expect is unknown";
    if (refusal !== null) messages.pop();
  }
  return message.method === "CONNECT" ? 2 : 0;
}

function onBody(piece) {
  message.body += piece.latin1Slice();
}

function onMessageComplete() {
  message.complete = true;
  begun = false;
}

function read(bytes) {
  messages = [];
  message = null;
  begun = false;
  upgrade = false;
  refusal = null;
  early = [];
  earlyUrl = "";
  parser.initialize(HTTPParser.REQUEST, {}, 65536, 0);
  parser[HTTPParser.kOnMessageBegin] = onMessageBegin;
  parser[HTTPParser.kOnHeaders] = onHeaders;
  parser[HTTPParser.kOnHeadersComplete] = onHeadersComplete;
  parser[HTTPParser.kOnBody] = onBody;
  parser[HTTPParser.kOnMessageComplete] = onMessageComplete;
  const result = parser.execute(bytes);
  return { messages, ...endOf(result, bytes.length) };
}

function endOf(result, length) {
  if (refusal !== null) return { end: "refused", reason: refusal };
  if (result instanceof Error) {
    return result.code === "HPE_CLOSED_CONNECTION"
      ? { end: "closed", reason: "" }
      : { end: "refused", reason: `${result.code}: ${result.reason}` };
  }
  if (upgrade && (result < length || message?.complete)) {
    return { end: "upgrade", reason: "" };
  }
  if (begun) return { end: message === null ? "head" : "body", reason: "" };
  const last = messages.at(-1);
  return {
    end: last !== undefined && !last.keepAlive ? "closed" : "idle",
    reason: "",
  };
}

let rest = Buffer.alloc(0);
process.stdin.on("data", (arrived) => {
  rest = rest.length === 0 ? arrived : Buffer.concat([rest, arrived]);
  let lines = "";
  let at = 0;
  while (rest.length - at >= 4) {
    const end = at + 4 + rest.readUInt32LE(at);
    if (end > rest.length) break;
    // A copy, since the parser keeps slices of what it is given.
    lines += `${JSON.stringify(read(Buffer.from(rest.subarray(at + 4, end))))}\n`;
    at = end;
  }
  rest = rest.subarray(at);
  if (lines !== "") process.stdout.write(lines);
});
