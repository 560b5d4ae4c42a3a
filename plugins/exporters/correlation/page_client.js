/**
 * Script of a page: sends the page's timings to perfmock. Include it as a module, as early as possible:
 *
 *     <script type="module" src="http://127.0.0.1:8080/_perfmock/exporters/correlation/client.js"></script>
 *
 * It sends a beacon a second after new entries, and when the page is hidden. `globalThis.perfmock.flush()` sends at once, resolves
 * when the server has taken all, and rejects where it refuses.
 */
// @ts-nocheck: runs in browsers
import { onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals/attribution";

const BEACON = new URL("../correlation", import.meta.url).href;
/** Time from an entry to the beacon that has it, in ms. */
const INTERVAL = 1000;
/** Maximum number of requests and of characters of a beacon: browsers send 64 KiB at most. */
const MOST_REQUESTS = 80;
const LONGEST = 60_000;

const page = Array.from(
  crypto.getRandomValues(new Uint8Array(12)),
  (byte) => byte.toString(16).padStart(2, "0"),
).join("");
const url = location.origin + location.pathname;
let requests = [];
let figures = {};
let dropped = 0;
let navigated = false;
let timer;

function soon() {
  timer ??= setTimeout(() => {
    timer = undefined;
    send();
  }, INTERVAL);
}

function rounded(number) {
  return Math.round(number * 1000) / 1000;
}

const TIMES = [
  "startTime",
  "redirectEnd",
  "workerStart",
  "fetchStart",
  "domainLookupStart",
  "domainLookupEnd",
  "connectStart",
  "connectEnd",
  "requestStart",
  "responseStart",
  "responseEnd",
];

function take(entry) {
  if (entry.name.startsWith(BEACON)) return;
  if (entry.entryType === "navigation") {
    // Handed over early, and again after the load event.
    if (navigated || entry.responseEnd === 0) return;
    navigated = true;
  }
  const request = {
    url: entry.name.split("#")[0].slice(0, 2048),
    initiator: entry.initiatorType ?? "",
    protocol: entry.nextHopProtocol ?? "",
    transferSize: entry.transferSize ?? 0,
    decodedBodySize: entry.decodedBodySize ?? 0,
    status: entry.responseStatus ?? 0,
    delivery: entry.deliveryType ?? "",
    traceparent: entry.serverTiming?.find(({ name }) => name === "traceparent")
      ?.description ?? "",
  };
  for (const time of TIMES) request[time] = rounded(entry[time] ?? 0);
  requests.push(request);
  soon();
}

/** Takes the next beacon out of what is waiting; undefined if nothing is. */
function next() {
  if (requests.length === 0 && Object.keys(figures).length === 0) return;
  const sent = { requests: requests.splice(0, MOST_REQUESTS), figures, dropped };
  figures = {};
  dropped = 0;
  let text = JSON.stringify({ page, url, ...sent });
  while (text.length > LONGEST && sent.requests.length > 1) {
    const half = sent.requests.splice(sent.requests.length >> 1);
    requests = [...half, ...requests];
    text = JSON.stringify({ page, url, ...sent });
  }
  return { text, sent };
}

/** Sends what is waiting. What the browser does not take is sent the next time. */
function send() {
  for (let beacon; (beacon = next()) !== undefined;) {
    if (navigator.sendBeacon(BEACON, beacon.text)) continue;
    const { sent } = beacon;
    requests = [...sent.requests, ...requests];
    figures = { ...sent.figures, ...figures };
    dropped += sent.dropped;
    return soon();
  }
}

/** Sends what is waiting, and resolves to the server's answers. */
async function flush() {
  // Entries are handed over in a task of their own.
  await new Promise((resolve) => setTimeout(resolve, 0));
  observed(observer.takeRecords());
  const answers = [];
  for (let beacon; (beacon = next()) !== undefined;) {
    const answer = await fetch(BEACON, {
      method: "POST",
      body: beacon.text,
      credentials: "omit",
    });
    const body = await answer.json();
    if (!answer.ok) throw new Error(`perfmock refused a beacon: ${body.title}`);
    answers.push(body);
  }
  return answers;
}

function observed(entries, _observer, options) {
  dropped += options?.droppedEntriesCount ?? 0;
  for (const entry of entries) take(entry);
}

const observer = new PerformanceObserver((list, own, options) => observed(list.getEntries(), own, options));
observer.observe({ type: "resource", buffered: true });
observer.observe({ type: "navigation", buffered: true });

function figure({ name, value, rating, attribution }) {
  const parts = Object.entries(attribution ?? {}).filter(([, part]) =>
    typeof part === "number" && Number.isFinite(part) ||
    typeof part === "string"
  ).map(([key, part]) => [
    key,
    typeof part === "number" ? rounded(part) : part.slice(0, 2048),
  ]);
  figures[name] = {
    value: rounded(value),
    rating,
    attribution: Object.fromEntries(parts),
  };
  soon();
}
for (const on of [onCLS, onFCP, onINP, onLCP, onTTFB]) {
  on(figure, { reportAllChanges: true });
}

addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") send();
});
addEventListener("pagehide", send);

globalThis.perfmock = { page, flush };
export { flush, page };
