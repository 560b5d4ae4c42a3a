/**
 * Certificates: read from files, or made for the run.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { invalidConfig, type TlsSettings } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import type { Certificate } from "./serve.ts";

/** How long a certificate made for the run is valid, in milliseconds: thirty days. */
const VALIDITY = 30 * 24 * 3_600_000;

/**
 * The certificate to serve with; undefined for plain HTTP.
 *
 * @param tls files, or "self-signed" for a certificate of this machine's local names that nobody else has signed
 * @param now Unix time in milliseconds, from which on a certificate made here is valid
 * @throws PerfmockError `CONFIG_INVALID` where a file cannot be read, or the key is not the certificate's
 */
export async function certificateFor(
  tls: TlsSettings | undefined,
  now: number,
): Promise<Certificate | undefined> {
  if (tls === undefined) return undefined;
  return tls === "self-signed" ? await selfSigned(now) : await fromFiles(tls);
}

async function selfSigned(now: number): Promise<Certificate> {
  // Some 200 ms of loading, only where it is used.
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "perfmock" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(now),
    notAfterDate: new Date(now + VALIDITY),
    extensions: [{ name: "basicConstraints", cA: false }, {
      name: "subjectAltName",
      altNames: [
        { type: 2, value: "localhost" },
        { type: 7, ip: "127.0.0.1" },
        { type: 7, ip: "::1" },
      ],
    }],
  });
  return { cert: made.cert, key: made.private };
}

async function fromFiles(
  tls: Exclude<TlsSettings, "self-signed">,
): Promise<Certificate> {
  const issues: Issue[] = [];
  /** What a file holds; an issue where it cannot be read as that. */
  async function read<T>(
    name: "cert" | "key",
    parse: (pem: string) => T,
  ): Promise<{ readonly pem: string; readonly parsed: T } | undefined> {
    const file = tls[name];
    const what = name === "cert" ? "a certificate" : "a private key";
    try {
      const pem = await Deno.readTextFile(file);
      return { pem, parsed: parse(pem) };
    } catch (error) {
      const missing = error instanceof Deno.errors.NotFound;
      issues.push({
        path: `/server/tls/${name}`,
        message: missing
          ? `There is no file ${file}`
          : `Cannot read ${file} as ${what}`,
        value: file,
        allowed: `a file with ${what} in PEM`,
      });
      return undefined;
    }
  }
  const cert = await read("cert", (pem) => new X509Certificate(pem));
  const key = await read("key", (pem) => createPrivateKey(pem));
  if (cert && key && !cert.parsed.checkPrivateKey(key.parsed)) {
    issues.push({
      path: "/server/tls/key",
      message: "This key is not the certificate's",
      value: tls.key,
      allowed: "the private key that the certificate was made with",
    });
  }
  if (cert && key && issues.length === 0) {
    return { cert: cert.pem, key: key.pem };
  }
  throw invalidConfig(issues);
}
