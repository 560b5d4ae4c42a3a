import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import {
  type BrowserTimes,
  PHASES,
  phasesOf,
} from "../../../../plugins/exporters/correlation/phases.ts";

/** A request over a new connection, after a redirect. */
const BROWSER: BrowserTimes = {
  startTime: 1000,
  redirectEnd: 1030,
  fetchStart: 1031,
  domainLookupStart: 1040,
  domainLookupEnd: 1042,
  connectStart: 1050,
  connectEnd: 1055,
  requestStart: 1056,
  responseStart: 1166,
  responseEnd: 1186,
};
const SERVER = { queue: 40, service: 50, degrade: 10 };

Deno.test("phasesOf() divides the time from the start to the last byte", () => {
  deepEqual(phasesOf(BROWSER, SERVER), {
    redirect: 31,
    stall: 18,
    dns: 2,
    connect: 5,
    queue: 40,
    service: 50,
    degrade: 10,
    gap: 10,
    download: 20,
  });
});

Deno.test("a wait for a connection that is used again is stall", () => {
  const reused = {
    ...BROWSER,
    redirectEnd: 0,
    fetchStart: 1000,
    domainLookupStart: 1000,
    domainLookupEnd: 1000,
    connectStart: 1000,
    connectEnd: 1000,
  };
  const phases = phasesOf(reused, SERVER);
  deepEqual([phases?.redirect, phases?.stall, phases?.connect], [0, 56, 0]);
});

Deno.test("a browser that hides its times gives no phases", () => {
  equal(phasesOf({ ...BROWSER, requestStart: 0 }, SERVER), undefined);
  equal(phasesOf({ ...BROWSER, responseStart: 0 }, SERVER), undefined);
});

Deno.test("the phases add up to the whole time", () => {
  const step = fc.double({ min: 0, max: 1000, noNaN: true });
  fc.assert(fc.property(
    fc.array(step, { minLength: 10, maxLength: 10 }),
    step,
    step,
    step,
    fc.boolean(),
    (steps, queue, service, degrade, redirected) => {
      let at = 1;
      const times = steps.map((step) => at += step);
      const phases = phasesOf({
        startTime: times[0],
        redirectEnd: redirected ? times[1] : 0,
        fetchStart: redirected ? times[2] : times[0],
        domainLookupStart: times[3],
        domainLookupEnd: times[4],
        connectStart: times[5],
        connectEnd: times[6],
        requestStart: times[7],
        responseStart: times[8],
        responseEnd: times[9],
      }, { queue, service, degrade });
      const sum = PHASES.reduce(
        (sum, name) => sum + (phases?.[name] ?? NaN),
        0,
      );
      return Math.abs(sum - (times[9] - times[0])) < 1e-6;
    },
  ));
});
