/**
 * Certificates, read from files or generated for one run.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { invalidConfig, type TlsSettings } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import { FileError, type FileLimits, readText } from "../lib/read_file.ts";
import type { Certificate } from "./engine.ts";

/** Period for which a generated certificate is valid, in ms: thirty days. */
const VALIDITY = 30 * 24 * 3_600_000;

/** Limits of a file with a certificate or a key. */
export const LIMITS: FileLimits = { bytes: 1024 ** 2 };

/**
 * Provides the certificate of the server; undefined for plain HTTP.
 *
 * @param tls files, or "self-signed" to generate a certificate for the local names of this machine
 * @param now Unix time, in ms, from which a generated certificate is valid
 * @throws PerfmockError `CONFIG_INVALID` if a file cannot be read, or if the key does not belong to the certificate
 */
export async function certificateFor(
  tls: TlsSettings | undefined,
  now: number,
): Promise<Certificate | undefined> {
  if (tls === undefined) return undefined;
  return tls === "self-signed" ? await selfSigned(now) : await fromFiles(tls);
}

async function selfSigned(now: number): Promise<Certificate> {
  // Loaded only if it is used, because loading takes about 200 ms.
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
  /** Reads a file; adds an issue and returns undefined if that fails. */
  async function read<T>(
    name: "cert" | "key",
    parse: (pem: string) => T,
  ): Promise<{ readonly pem: string; readonly parsed: T } | undefined> {
    const file = tls[name];
    const what = name === "cert" ? "a certificate" : "a private key";
    try {
      const pem = await readText(file, LIMITS);
      return { pem, parsed: parse(pem) };
    } catch (error) {
      const reason = error instanceof FileError ? `: ${error.message}` : "";
      issues.push({
        path: `/server/tls/${name}`,
        message: `Cannot read ${file} as ${what}${reason}`,
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
