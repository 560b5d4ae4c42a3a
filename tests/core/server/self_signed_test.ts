import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { selfSigned } from "../../../core/server/serve_self_signed.ts";
import { folderWith } from "../../support/plugins.ts";

const DAY = 24 * 3_600_000;
const NOW = Date.UTC(2026, 0, 1);

/** Provides the certificate that is kept in a folder, and what is told. */
async function provided(folder: string | undefined, now = NOW) {
  const told: string[] = [];
  const certificate = await selfSigned(now, {
    folder,
    told: (sentence) => void told.push(sentence),
  });
  return { ...certificate, told };
}

Deno.test("a self-signed certificate is for the local names and addresses, for servers alone, and for 397 days", async () => {
  const { cert, told } = await provided(undefined);
  const parsed = new X509Certificate(cert);
  deepEqual(told, []);
  match(
    parsed.subjectAltName ?? "",
    /^DNS:localhost, DNS:\*\.localhost, DNS:\*\.perfmock\.localhost, IP Address:127\.0\.0\.1, IP Address:(::1|0:0:0:0:0:0:0:1)$/,
  );
  equal(Date.parse(parsed.validFrom), NOW);
  equal(Date.parse(parsed.validTo), NOW + 397 * DAY);
  equal(parsed.ca, false);
});

Deno.test("a certificate is kept: the next run has the same one, until it is about to expire", async () => {
  await using files = await folderWith({});
  const folder = join(files.path, "cache", "perfmock");
  const first = await provided(folder);
  const file = join(folder, "self-signed.pem");
  equal(((await Deno.stat(file)).mode ?? 0) & 0o077, 0);
  deepEqual(
    [...Deno.readDirSync(folder)].map(({ name }) => name),
    ["self-signed.pem"],
  );
  for (const now of [NOW, NOW + 366 * DAY]) {
    equal((await provided(folder, now)).cert, first.cert);
  }
  for (const now of [NOW + 368 * DAY, NOW]) {
    const { cert, told } = await provided(folder, now);
    notEqual(cert, first.cert);
    deepEqual(told, []);
    equal((await provided(folder, now)).cert, cert);
  }
});

Deno.test("a file that is no certificate, or has another one's key, is replaced", async () => {
  await using files = await folderWith({});
  const file = join(files.path, "self-signed.pem");
  const [one, other] = [await provided(undefined), await provided(undefined)];
  for (
    const text of ["", "nothing", one.cert, `${one.cert}\n${other.key}\n`]
  ) {
    await Deno.writeTextFile(file, text);
    const { cert } = await provided(files.path);
    notEqual(cert, one.cert);
    equal((await provided(files.path)).cert, cert);
  }
});

Deno.test("processes that start at the same time have the same certificate", async () => {
  await using files = await folderWith({});
  const folder = join(files.path, "perfmock");
  const all = await Promise.all(
    Array.from({ length: 4 }, () => provided(folder)),
  );
  equal(new Set(all.map(({ cert }) => cert)).size, 1);
});

Deno.test("a folder that cannot be written leaves a certificate for the run, and a sentence about it", async () => {
  await using files = await folderWith({ "taken": "a file" });
  const { cert, told } = await provided(join(files.path, "taken"));
  ok(cert.startsWith("-----BEGIN CERTIFICATE-----"));
  equal(told.length, 1);
  match(
    told[0],
    /^The self-signed certificate is for this run only: it cannot be kept as .*self-signed\.pem: /,
  );
});
