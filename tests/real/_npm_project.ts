/**
 * A new project for Node.js with the packed npm package installed in it, as a user's would be.
 *
 * @module
 */
import { pack } from "../../tools/npm.ts";
import { npmInstallWhole, temporaryFolder } from "./_packages.ts";
import { until } from "./_software.ts";

/** Result of a command. */
export interface Ended {
  /** Exit status. */
  readonly status: number;
  /** Signal that ended it; null for none. */
  readonly signal: string | null;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
}

/** A command that runs. */
export interface Running extends AsyncDisposable {
  /** Process id. */
  readonly pid: number;
  /** Writes to its standard input, if that is a pipe. */
  type(text: string): Promise<void>;
  /** Standard output so far. */
  readonly out: string;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
}

/** Environment variables that npm sets for what it runs: a test that npx has started must not pass them on. */
const OF_NPM = /^(npm_.*|INIT_CWD|NODE|PERFMOCK_.*|NO_COLOR|CI|DENO_.*)$/;

/** Environment of a command: that of the test, without the network. */
function environment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const own = Object.entries(Deno.env.toObject()).filter(([name]) =>
    !OF_NPM.test(name)
  );
  // Nothing listens there: a command that downloads anything fails.
  const nowhere = "http://127.0.0.1:9";
  return {
    ...Object.fromEntries(own),
    npm_config_registry: nowhere,
    HTTP_PROXY: nowhere,
    HTTPS_PROXY: nowhere,
    http_proxy: nowhere,
    https_proxy: nowhere,
    NO_PROXY: "127.0.0.1,localhost",
    no_proxy: "127.0.0.1,localhost",
    ...more,
  };
}

/** A project with perfmock. */
export class NpmProject implements AsyncDisposable {
  /** Absolute path of its folder. */
  readonly path: string;
  /** The packed package. */
  readonly packed: Awaited<ReturnType<typeof pack>>;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    path: string,
    packed: NpmProject["packed"],
    stack: AsyncDisposableStack,
  ) {
    this.path = path;
    this.packed = packed;
    this.#stack = stack;
  }

  /**
   * Packs the package and installs it without install scripts.
   *
   * @param packages further packages, such as `typescript@5`
   */
  static async install(...packages: readonly string[]): Promise<NpmProject> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryFolder());
    const packed = await pack(`${folder.path}/packed`);
    const path = await Deno.realPath(folder.path) + "/project";
    await Deno.mkdir(path);
    await npmInstallWhole(
      path,
      `${folder.path}/packed/${packed.filename}`,
      ...packages,
    );
    return new NpmProject(path, packed, stack.move());
  }

  /** Writes a file of the project. */
  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(`${this.path}/${name}`, text);
  }

  /** Starts a program in the project. */
  start(
    program: string,
    args: readonly string[],
    { env, stdin = "null" }: {
      readonly env?: Readonly<Record<string, string>>;
      readonly stdin?: "null" | "piped";
    } = {},
  ): Running {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd: this.path,
      clearEnv: true,
      env: environment(env),
      stdin,
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const input = stdin === "piped" ? child.stdin.getWriter() : undefined;
    let out = "";
    const text = async (
      stream: ReadableStream<Uint8Array<ArrayBuffer>>,
      received: (part: string) => void,
    ) => {
      for await (const part of stream.pipeThrough(new TextDecoderStream())) {
        received(part);
      }
    };
    let err = "";
    const ended = Promise.all([
      child.status,
      text(child.stdout, (part) => out += part),
      text(child.stderr, (part) => err += part),
    ]).then(([{ code, signal }]) => {
      return { status: code, signal, out, err };
    });
    return {
      pid: child.pid,
      type: async (text) => await input?.write(new TextEncoder().encode(text)),
      get out() {
        return out;
      },
      ended,
      async [Symbol.asyncDispose]() {
        try {
          child.kill("SIGKILL");
        } catch {
          // It has ended.
        }
        await ended;
        await input?.close().catch(() => {});
      },
    };
  }

  /** Runs a program in the project to its end. */
  async run(
    program: string,
    args: readonly string[],
    env?: Readonly<Record<string, string>>,
  ): Promise<Ended> {
    await using running = this.start(program, args, env && { env });
    return await running.ended;
  }

  /** Runs `npx perfmock`. */
  npx(...args: readonly string[]): Promise<Ended> {
    return this.run("npx", ["perfmock", ...args]);
  }

  /** Path of the program of Bun, which its package keeps for this machine. */
  async bun(): Promise<string> {
    const folder = `${this.path}/node_modules/@oven`;
    for await (const { name } of Deno.readDir(folder)) {
      const program = `${folder}/${name}/bin/bun`;
      const { success } = await new Deno.Command(program, {
        args: ["--version"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return program;
    }
    throw new Error("Cannot find a program of Bun that runs on this machine");
  }

  /** Waits for a ready file; removes it, and returns what it says. */
  async ready(
    name = "ready.json",
  ): Promise<{ readonly url: string; readonly pid: number }> {
    const file = `${this.path}/${name}`;
    const text = await until(async () => {
      try {
        return await Deno.readTextFile(file);
      } catch {
        return undefined;
      }
    });
    await Deno.remove(file);
    return JSON.parse(text);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** True as long as a process runs. One that nobody has asked for its exit status does not. */
export async function runs(pid: number): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'kill -0 "$0"', `${pid}`],
    stderr: "null",
  }).output();
  if (!success || Deno.build.os !== "linux") return success;
  try {
    return !/\) Z /.test(await Deno.readTextFile(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

/** Waits until a process has ended. */
export async function gone(pid: number): Promise<void> {
  await until(async () => await runs(pid) ? undefined : true);
}
