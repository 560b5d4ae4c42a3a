#!/usr/bin/env node
// The command of the package. Its syntax is that of old versions of Node.js, so that they can say what is missing.
"use strict";

// deno-lint-ignore no-var
var oldest = 20;
if (!(parseInt(process.versions.node, 10) >= oldest)) {
  process.stderr.write(
    "Cannot start perfmock: it needs Node.js " + oldest +
      " or later, and this is " + process.version + "\n",
  );
  process.exitCode = 1;
} else {
  import("./cli.js").then(function (cli) {
    return cli.run(process.argv.slice(2));
  }).catch(function (error) {
    process.stderr.write(
      (error && error.name === "PerfmockError" ? error.message : error && error.stack || String(error)) + "\n",
    );
    process.exitCode = 1;
  });
}
