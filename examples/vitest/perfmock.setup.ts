import { perfmockSetup } from "perfmock/vitest";

export default perfmockSetup({
  seed: 42,
  routes: [{
    id: "products",
    path: "/products",
    serviceTime: { lognormal: { median: "20ms", p99: "90ms" } },
    response: { json: [{ name: "Walnut desk" }, { name: "Reading lamp" }] },
  }],
});
