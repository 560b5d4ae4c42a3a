/**
 * Script that runs in a page before the page's own, for figures that the browser does not keep: INP, measures, and the time at which
 * an element is visible. It is a function that is called with the figure.
 */
// @ts-nocheck: runs in browsers
(({ kind, name, selector, afterInput }) => {
  if (window !== top) return;
  const state = { figure: undefined, error: undefined, seen: [] };
  Object.defineProperty(globalThis, Symbol.for("perfmock.probe"), {
    value: state,
  });

  if (kind === "measure") {
    // The page may clear its measures, so that they are taken as they come.
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.name === name) state.figure ??= entry.duration;
        else if (state.seen.length < 20) state.seen.push(entry.name);
      }
    }).observe({ type: "measure", buffered: true });
  }

  if (kind === "INP") {
    // The longest event of each interaction, as the figure is defined; one in fifty interactions may be longer than it.
    const longest = new Map();
    let interactions = 0;
    const take = (list) => {
      for (const { interactionId, duration } of list.getEntries()) {
        if (!interactionId) continue;
        longest.set(interactionId, Math.max(longest.get(interactionId) ?? 0, duration));
      }
      interactions = Math.max(longest.size, performance.interactionCount ?? 0);
      const sorted = [...longest.values()].sort((a, b) => b - a);
      state.figure = sorted[Math.min(sorted.length - 1, Math.floor(interactions / 50))];
    };
    new PerformanceObserver(take).observe({ type: "event", durationThreshold: 16, buffered: true });
    // The first interaction is reported however short it is.
    new PerformanceObserver(take).observe({ type: "first-input", buffered: true });
  }

  if (kind === "selector-visible") {
    let from = afterInput ? undefined : 0;
    const find = () => {
      try {
        return document.querySelectorAll(selector);
      } catch {
        state.error ??= `${selector} is no CSS selector`;
        stop();
        return [];
      }
    };
    // Tells the box of an element, with the time, when the frame has its layout: nothing is laid out for this script.
    const boxes = new IntersectionObserver((entries) => {
      for (const { target, boundingClientRect: box, time } of entries) {
        if (state.figure !== undefined || from === undefined || box.width <= 0 || box.height <= 0) continue;
        if (target.isConnected && target.matches(selector) && target.checkVisibility({ visibilityProperty: true })) {
          state.figure = time - from;
          stop();
        }
      }
    }, { rootMargin: "1000000px" });
    const look = () => {
      if (state.figure !== undefined || from === undefined) return;
      let left = 100;
      for (const element of find()) {
        if (left-- === 0) return;
        boxes.unobserve(element);
        boxes.observe(element);
      }
    };
    const changes = new MutationObserver(look);
    const events = ["load", "transitionend", "animationend", "resize"];
    const begin = () => {
      changes.observe(document, { attributes: true, characterData: true, childList: true, subtree: true });
      for (const event of events) addEventListener(event, look, { capture: true, passive: true });
      look();
    };
    const stop = () => {
      changes.disconnect();
      boxes.disconnect();
      for (const event of events) removeEventListener(event, look, { capture: true });
    };
    if (!afterInput) return begin();
    const inputs = ["pointerdown", "keydown"];
    const input = (event) => {
      if (!event.isTrusted || from !== undefined) return;
      for (const name of inputs) removeEventListener(name, input, { capture: true });
      from = event.timeStamp;
      begin();
    };
    for (const name of inputs) addEventListener(name, input, { capture: true, passive: true });
  }
});
