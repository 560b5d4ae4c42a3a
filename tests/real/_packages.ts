/**
 * Software for the real tests that has no Debian package, or whose Debian package would also start a service: fetched into a
 * temporary folder.
 *
 * @module
 */
import { until } from "./_software.ts";

/** A folder that is removed after the test. */
export async function temporaryFolder(): Promise<
  { readonly path: string } & AsyncDisposable
> {
  const path = await Deno.makeTempDir({ prefix: "perfmock-real-" });
  return {
    path,
    // Processes of a browser that has been ended may still write for a moment.
    [Symbol.asyncDispose]: () =>
      until(async () => {
        try {
          await Deno.remove(path, { recursive: true });
        } catch (error) {
          if (!/Directory not empty/.test(`${error}`)) throw error;
          return undefined;
        }
        return true;
      }).then(() => {}),
  };
}

/** Installs npm packages, such as `statsd@0.9.0`, into a folder, without their install scripts and optional packages. */
export async function npmInstall(
  folder: string,
  ...packages: readonly string[]
): Promise<void> {
  await npmInstallWhole(folder, "--omit=optional", ...packages);
}

/** Installs npm packages with their optional ones, among which are programs for this machine. */
export async function npmInstallWhole(
  folder: string,
  ...packages: readonly string[]
): Promise<void> {
  await Deno.writeTextFile(`${folder}/package.json`, '{"private":true}');
  await succeed(folder, "npm", [
    "install",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    ...packages,
  ]);
}

/** Path of a program: the installed one, or one from the unpacked Debian package. */
export async function debianProgram(
  folder: string,
  name: string,
): Promise<string> {
  for (const place of (Deno.env.get("PATH") ?? "").split(":")) {
    const path = `${place}/${name}`;
    if (await isFile(path)) return path;
  }
  await succeed(folder, "sh", [
    "-c",
    'apt-get download "$0" || { apt-get update && apt-get download "$0"; }; dpkg-deb -x "$0"_*.deb .',
    name,
  ]);
  return `${folder}/usr/bin/${name}`;
}

/** A process that ends with the test, if not before. */
export class Service implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  #isEnded = false;

  /**
   * Starts it.
   *
   * @param program what is run
   * @param args how
   */
  constructor(program: string, args: readonly string[]) {
    this.#child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** Kills it without notice, like a crash. */
  async kill(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#child.kill("SIGKILL");
    await this.#child.status;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Runs a program to its end.
 *
 * @throws Error with its output if it fails
 */
export async function succeed(
  cwd: string,
  program: string,
  args: readonly string[],
): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
  }).output();
  if (success) return;
  throw new Error(
    `Cannot run ${program} ${args.join(" ")}: ${
      new TextDecoder().decode(stderr)
    }`,
  );
}
