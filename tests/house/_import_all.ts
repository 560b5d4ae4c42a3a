// Imports the modules it is given, then ends by itself unless one of them started something.
for (const url of Deno.args) await import(url);
Deno.stdout.writeSync(new TextEncoder().encode("imported"));
