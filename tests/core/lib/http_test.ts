import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { dateOf, headersOf } from "../../../core/lib/http.ts";

Deno.test("headersOf() makes each value of a list a value of its own, and joins those that HTTP joins", () => {
  deepEqual([
    ...headersOf({
      "Set-Cookie": ["a=1; HttpOnly", "b=2"],
      "set-cookie": "c=3",
      Link: ["<a>", "<b>"],
      "X-One": "1",
    }),
  ], [
    ["link", "<a>, <b>"],
    ["set-cookie", "a=1; HttpOnly"],
    ["set-cookie", "b=2"],
    ["set-cookie", "c=3"],
    ["x-one", "1"],
  ]);
});

const NOW = Date.UTC(2026, 10, 28);

Deno.test("dateOf() reads each form of a date that HTTP has", () => {
  fc.assert(
    fc.property(
      fc.date({
        min: new Date(Date.UTC(1977, 0, 1)),
        max: new Date(Date.UTC(2076, 11, 31)),
        noInvalidDate: true,
      }),
      (date) => {
        const time = Math.floor(date.getTime() / 1000) * 1000;
        const usual = new Date(time).toUTCString();
        const [, week, day, month, year, clock] =
          /^(...), (..) (...) (....) (........) GMT$/.exec(usual) ?? [];
        const long = {
          Mon: "Monday",
          Tue: "Tuesday",
          Wed: "Wednesday",
          Thu: "Thursday",
          Fri: "Friday",
          Sat: "Saturday",
          Sun: "Sunday",
        }[week];
        deepEqual(
          [
            usual,
            `${long}, ${day}-${month}-${year.slice(2)} ${clock} GMT`,
            `${week} ${month} ${day.replace(/^0/, " ")} ${clock} ${year}`,
          ].map((text) => dateOf(text, NOW)),
          [time, time, time],
        );
      },
    ),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("dateOf() takes nothing else for a date", () => {
  for (
    const text of [
      "",
      "2026-11-28T00:00:00Z",
      "Sat, 28 Nov 2026 00:00:00 +0100",
      "28 Nov 2026 00:00:00 GMT",
      "Sat, 28 nov 2026 00:00:00 GMT",
      "1",
    ]
  ) equal(dateOf(text, NOW), undefined, text);
});
