/** Address of perfmock: that of `npx perfmock serve`, unless the environment names another. */
const perfmock = process.env.PERFMOCK_URL ?? "http://127.0.0.1:8080";

export default {
  root: "..",
  server: { proxy: { "/api": perfmock } },
};
