/**
 * Certificates of the server: from files, or the self-signed one of this machine.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { invalidConfig, type TlsSettings } from "../config/mod.ts";
import type { Issue } from "../errors.ts";
import { FileError, type FileLimits, readText } from "../lib/read_file.ts";
import type { Certificate } from "./engine.ts";
import { cacheFolder, selfSigned } from "./serve_self_signed.ts";

/** Limits of a file with a certificate or a key. */
export const LIMITS: FileLimits = { bytes: 1024 ** 2 };

/**
 * Provides the certificate of the server; undefined for plain HTTP.
 *
 * @param tls files, or "self-signed" for a certificate for the local names of this machine
 * @param now Unix time, in ms, from which a generated certificate is valid
 * @param told called with a sentence if a generated certificate cannot be kept for later runs
 * @throws PerfmockError `CONFIG_INVALID` if a file cannot be read, or if the key does not belong to the certificate
 */
export async function certificateFor(
  tls: TlsSettings | undefined,
  now: number,
  told: (sentence: string) => void,
): Promise<Certificate | undefined> {
  if (tls === undefined) return undefined;
  return tls === "self-signed"
    ? await selfSigned(now, { folder: cacheFolder(), told })
    : await fromFiles(tls);
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
