/**
 * A registry in JSR's shape that serves this working copy: what `deno publish` would upload, with the names of the import
 * map written out, as publishing does.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import config from "../../deno.json" with { type: "json" };
import { denoQuietly, root } from "../../tools/run.ts";
import { parse } from "../../tools/sources.ts";

/** A registry that is being served. */
export interface Registry extends AsyncDisposable {
  /** Value for JSR_URL. */
  readonly url: string;
  /** The paths of the files that have been asked for. */
  readonly served: ReadonlySet<string>;
}

/** The paths that `deno publish` would upload, relative to the repository. */
export async function publishedFiles(): Promise<string[]> {
  const { code, output } = await denoQuietly(
    ["publish", "--dry-run", "--allow-dirty", "--no-check"],
  );
  if (code !== 0) {
    throw new Error(`Cannot list the files of the package:\n${output}`);
  }
  return [...output.matchAll(/^\s+file:\/\/(\S+) \(/gm)]
    .map(([, path]) => decodeURI(path).slice(root.length + 1));
}

/** A file's text with each name of the import map written out: `zod` becomes `npm:zod@…`, our own names become paths. */
export function unfurl(
  path: string,
  text: string,
  imports: Readonly<Record<string, string>>,
): string {
  let result = text;
  for (
    const { specifier, range: [from, to] } of parse(path, text).imports
      .toReversed()
  ) {
    const target = resolve(specifier, imports);
    if (target === undefined) continue;
    const written = target.startsWith("./")
      ? toRelative(posix.relative(posix.dirname(path), target))
      : target;
    result = result.slice(0, from) + JSON.stringify(written) + result.slice(to);
  }
  return result;
}

function resolve(
  specifier: string,
  imports: Readonly<Record<string, string>>,
): string | undefined {
  if (Object.hasOwn(imports, specifier)) return imports[specifier];
  const prefix = Object.keys(imports).find((key) =>
    key.endsWith("/") && specifier.startsWith(key)
  );
  return prefix && imports[prefix] + specifier.slice(prefix.length);
}

function toRelative(path: string): string {
  return path.startsWith(".") ? path : `./${path}`;
}

/** Serves the package on a free port of the loopback interface. */
export async function serveRegistry(): Promise<Registry> {
  const { name, version, exports, imports } = config;
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const path of await publishedFiles()) {
    const text = await Deno.readTextFile(`${root}/${path}`);
    const published = path.endsWith(".ts") ? unfurl(path, text, imports) : text;
    files.set(`/${path}`, new TextEncoder().encode(published));
  }
  const manifest = Object.fromEntries(
    [...files].map(([path, bytes]) => [path, {
      size: bytes.length,
      checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
    }]),
  );
  const documents: Record<string, unknown> = {
    [`/${name}/meta.json`]: { latest: version, versions: { [version]: {} } },
    [`/${name}/${version}_meta.json`]: { manifest, exports },
  };
  const served = new Set<string>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      served.add(pathname);
      if (Object.hasOwn(documents, pathname)) {
        return Response.json(documents[pathname]);
      }
      const bytes = files.get(pathname.slice(`/${name}/${version}`.length));
      if (bytes === undefined) return new Response(null, { status: 404 });
      const type = pathname.endsWith(".json")
        ? "application/json"
        : "text/typescript";
      return new Response(bytes, { headers: { "content-type": type } });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    served,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
