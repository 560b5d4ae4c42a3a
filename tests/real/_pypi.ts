/**
 * Files of PyPI's source packages, for the real tests.
 *
 * @module
 */
import { succeed } from "./_packages.ts";

/**
 * Unpacks a source package, such as `hdrhistogram==0.10.8`, into a folder.
 *
 * @returns folder of its files
 */
export async function pypiSource(
  folder: string,
  pack: string,
): Promise<string> {
  const into = `${folder}/${pack}`;
  await Deno.mkdir(into);
  await succeed(into, "python3", [
    ...[
      "-m",
      "pip",
      "download",
      "--quiet",
      "--no-deps",
      "--no-binary",
      ":all:",
    ],
    pack,
  ]);
  await succeed(into, "sh", ["-c", "tar xzf *.tar.gz && rm *.tar.gz"]);
  for await (const { name } of Deno.readDir(into)) return `${into}/${name}`;
  throw new Error(`Cannot find the files of ${pack}`);
}
