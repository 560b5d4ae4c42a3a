/**
 * The self-signed certificate of this machine: made once and kept in the user's cache folder, so that a browser or a trust store
 * that has accepted it accepts it again.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { messageOfThrown } from "../lib/thrown.ts";
import type { Certificate } from "./engine.ts";

const DAY = 24 * 3_600_000;

/** Period for which a certificate is valid, in ms: browsers refuse more than 398 days. */
const VALIDITY = 397 * DAY;

/** Rest of that period below which another certificate is made, in ms. */
const RENEWAL = 30 * DAY;

/** Names that the certificate is for. Sessions have hosts below them; many programs refuse a name with a star and only one dot. */
const NAMES: readonly string[] = [
  "localhost",
  "*.localhost",
  "*.perfmock.localhost",
];

/** Addresses that the certificate is for. */
const ADDRESSES: readonly string[] = ["127.0.0.1", "::1"];

/** File of the certificate, followed by its key. */
const FILE = "self-signed.pem";

/** A folder of the user for files that can be made again. */
type Folder = string | undefined;

/**
 * Provides the self-signed certificate of this machine.
 *
 * @param now Unix time, in ms, from which a new one is valid
 * @param options folder in which it is kept, undefined for none; and what is told, in a sentence, if it cannot be kept there
 */
export async function selfSigned(
  now: number,
  { folder, told }: {
    readonly folder: Folder;
    readonly told: (sentence: string) => void;
  },
): Promise<Certificate> {
  if (folder === undefined) return await make(now);
  const file = join(folder, FILE);
  const kept = await read(file, now);
  if (kept !== undefined) return kept;
  const made = await make(now);
  try {
    return await keep(made, { folder, file, now });
  } catch (error) {
    told(
      `The self-signed certificate is for this run only: it cannot be kept as ${file}: ${
        messageOfThrown(error)
      }`,
    );
    return made;
  }
}

/**
 * Returns perfmock's folder among those of the user's caches; undefined if the system has none, or if Deno does not permit to use
 * it. Never prompts.
 */
export function cacheFolder(): Folder {
  const { os } = Deno.build;
  const caches = os === "windows"
    ? variable("LOCALAPPDATA")
    : os === "darwin"
    ? below(variable("HOME"), "Library/Caches")
    : variable("XDG_CACHE_HOME") ?? below(variable("HOME"), ".cache");
  const folder = below(caches, "perfmock");
  if (folder === undefined) return undefined;
  const permitted = (["read", "write"] as const).every((name) =>
    Deno.permissions.querySync({ name, path: folder }).state === "granted"
  );
  return permitted ? folder : undefined;
}

function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) || undefined : undefined;
}

function below(folder: Folder, name: string): Folder {
  return folder === undefined ? undefined : join(folder, name);
}

async function make(now: number): Promise<Certificate> {
  // Loaded only if it is used, because loading takes about 200 ms.
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "perfmock" }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: new Date(now),
    notAfterDate: new Date(now + VALIDITY),
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: [
          ...NAMES.map((value) => ({ type: 2, value } as const)),
          ...ADDRESSES.map((ip) => ({ type: 7, ip } as const)),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Reads a certificate that was kept; undefined if there is none, or none that can be used. */
async function read(
  file: string,
  now: number,
): Promise<Certificate | undefined> {
  try {
    const [cert = "", key = ""] = (await Deno.readTextFile(file)).match(
      /-----BEGIN [^]+?-----END [^\n]+/g,
    ) ??
      [];
    const parsed = new X509Certificate(cert);
    const fits = parsed.checkPrivateKey(createPrivateKey(key)) &&
      Date.parse(parsed.validFrom) <= now &&
      Date.parse(parsed.validTo) > now + RENEWAL &&
      namesIn(parsed) === [...NAMES, ...ADDRESSES].toSorted().join();
    return fits ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}

/** The names and addresses of a certificate, sorted. */
function namesIn({ subjectAltName = "" }: X509Certificate): string {
  return subjectAltName.split(", ")
    .map((name) =>
      name.replace(/^[^:]+:/, "").replace(/^0:0:0:0:0:0:0:1$/, "::1")
    )
    .toSorted().join();
}

/** Writes a certificate whole or not at all. If another process has written one meanwhile, that one is taken. */
async function keep(
  made: Certificate,
  { folder, file, now }: {
    readonly folder: string;
    readonly file: string;
    readonly now: number;
  },
): Promise<Certificate> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const own = `${file}.${Deno.pid}.${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(own, `${made.cert.trim()}\n${made.key.trim()}\n`, {
      createNew: true,
      mode: 0o600,
    });
    try {
      await Deno.link(own, file);
      return made;
    } catch {
      // There is one already, or the file system has no links.
    }
    const other = await read(file, now);
    if (other !== undefined) return other;
    await Deno.rename(own, file);
    return made;
  } finally {
    await Deno.remove(own).catch(() => {});
  }
}
