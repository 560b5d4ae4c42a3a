/**
 * Expression that a page is asked for when its network is quiet: its figures so far, and the time since it last did something.
 */
// @ts-nocheck: runs in browsers
(() => {
  const entries = (type) => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type, buffered: true });
    const list = observer.takeRecords();
    observer.disconnect();
    return list;
  };
  const state = globalThis[Symbol.for("perfmock.probe")];
  const [navigation] = performance.getEntriesByType("navigation");
  const contents = entries("largest-contentful-paint").at(-1)?.startTime;
  const first = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  const figures = { TTFB: navigation?.responseStart || undefined, FCP: first, LCP: contents };
  const work = entries("longtask").map(({ startTime, duration }) => startTime + duration);
  const last = Math.max(0, contents ?? 0, first ?? 0, navigation?.loadEventEnd ?? 0, ...work);
  return {
    complete: document.readyState === "complete",
    idle: performance.now() - last,
    fetchStart: navigation?.fetchStart ?? 0,
    figures,
    own: state?.figure,
    error: state?.error,
    seen: state?.seen ?? [],
  };
})();
