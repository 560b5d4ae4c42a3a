/**
 * Watches the files of a configuration for `serve --watch`. Editors save in several ways: they write into the file, in one piece or
 * several, or put another file in its place. A change is told once the files have stopped changing.
 *
 * @module
 */
import { dirname, resolve } from "node:path";
import { pause } from "../lib/time/mod.ts";

/** Time for which the files must stay as they are before a change is told, in ms. */
const SETTLING = 100;

/** Time for which a file may be missing or empty, as it is while some editors save it, in ms. */
const LONGEST_GAP = 1000;

/** Time after which a folder that cannot be watched is tried again, in ms. */
const RETRY = 1000;

/** Keys of settings that name files which are read together with the configuration. */
const FILE_KEYS: ReadonlySet<string> = new Set(["file"]);

/** Keys of settings whose files are read anew for each request. */
const READ_LATER: ReadonlySet<string> = new Set(["response", "responses"]);

/** Contents of files, or marks that change with them. */
type Contents = ReadonlyMap<string, string>;

/** Files of a configuration. */
export interface WatchedFiles {
  /** Absolute path of the configuration file. */
  readonly file: string;
  /** Absolute paths of files that are read together with it. */
  readonly named: readonly string[];
}

/**
 * Returns the files that a configuration names and that are read together with it, such as those of distributions.
 *
 * @param value configuration as written
 * @param folder absolute path that relative ones start from
 */
export function namedFiles(value: unknown, folder: string): string[] {
  const found = new Set<string>();
  const look = (part: unknown, depth: number) => {
    if (typeof part !== "object" || part === null || depth > 100) return;
    for (const [key, inner] of Object.entries(part)) {
      if (READ_LATER.has(key)) continue;
      if (FILE_KEYS.has(key) && typeof inner === "string") {
        found.add(resolve(folder, inner));
      } else look(inner, depth + 1);
    }
  };
  look(value, 0);
  return [...found];
}

/** Tells of changes of files until disposed. */
export class FileWatch implements AsyncDisposable {
  readonly #changed: () => Promise<WatchedFiles | undefined>;
  readonly #ending = new AbortController();
  readonly #ended: Promise<void>;
  #watched: WatchedFiles;
  #watcher: Deno.FsWatcher;
  #known: Contents;

  private constructor(
    watched: WatchedFiles,
    known: Contents,
    changed: () => Promise<WatchedFiles | undefined>,
  ) {
    this.#watched = watched;
    this.#changed = changed;
    this.#known = known;
    this.#watcher = watcherOf(watched);
    this.#ended = this.#run();
  }

  /**
   * Begins to watch.
   *
   * @param watched the files
   * @param changed called after a change, one call after another; returns the files to watch from then on, undefined for the same
   * @throws Error if the folder cannot be watched
   */
  static async start(
    watched: WatchedFiles,
    changed: () => Promise<WatchedFiles | undefined>,
  ): Promise<FileWatch> {
    return new FileWatch(watched, await contentsOf(watched), changed);
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#follow();
      if (signal.aborted) return;
      try {
        this.#watcher = watcherOf(this.#watched);
        // Something may have changed while nobody watched.
        await this.#look();
      } catch {
        await pause(RETRY, signal);
      }
    }
  }

  /** Looks at the files after each event, until other folders have to be watched. */
  async #follow(): Promise<void> {
    using watcher = closing(this.#watcher);
    const before = foldersOf(this.#watched).join("\n");
    for await (const { kind } of watcher.events) {
      if (kind === "access") continue;
      await this.#look();
      if (foldersOf(this.#watched).join("\n") !== before) return;
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#ending;
    let last = await contentsOf(this.#watched);
    if (same(last, this.#known)) return;
    for (let gap = 0; !signal.aborted;) {
      await pause(SETTLING, signal);
      const now = await contentsOf(this.#watched);
      gap += SETTLING;
      const complete = now.get(this.#watched.file) !== "" ||
        gap >= LONGEST_GAP;
      if (complete && same(now, last)) break;
      last = now;
    }
    if (signal.aborted || same(last, this.#known)) return;
    this.#known = last;
    const next = await this.#changed();
    if (next === undefined) return;
    const own = await contentsOf(next);
    // The file itself may have changed again since it was read: only its new names are taken as they are.
    this.#known = new Map(
      [...own].map(([file, mark]) => [file, last.get(file) ?? mark]),
    );
    this.#watched = next;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    try {
      this.#watcher.close();
    } catch {
      // It was closed already, to watch other folders.
    }
    await this.#ended;
  }
}

/** A watcher that is closed at the end of its scope, also if it was closed before. */
function closing(watcher: Deno.FsWatcher): Disposable & {
  readonly events: AsyncIterable<Deno.FsEvent>;
} {
  return {
    events: watcher,
    [Symbol.dispose]() {
      try {
        watcher.close();
      } catch {
        // It was closed at the end of the watch.
      }
    },
  };
}

function watcherOf(watched: WatchedFiles): Deno.FsWatcher {
  return Deno.watchFs(foldersOf(watched), { recursive: false });
}

/** Folders of files, and those to which links among them lead: a file that takes another's place is no change of that file. */
function foldersOf({ file, named }: WatchedFiles): string[] {
  const folders = new Set([dirname(file)]);
  for (const each of [file, ...named]) {
    try {
      folders.add(dirname(Deno.realPathSync(each)));
    } catch {
      // It is missing: its folder tells when it comes.
    }
  }
  return [...folders].sort();
}

function same(a: Contents, b: Contents): boolean {
  return a.size === b.size &&
    [...a].every(([file, mark]) => b.get(file) === mark);
}

/** Reads the configuration's text, and of the other files, which may be large, time and size. A missing file counts as empty. */
async function contentsOf({ file, named }: WatchedFiles): Promise<Contents> {
  const contents = new Map<string, string>();
  for (const each of named) {
    contents.set(each, await markOf(each));
  }
  contents.set(file, await textOf(file));
  return contents;
}

async function markOf(file: string): Promise<string> {
  try {
    const { mtime, size, ino } = await Deno.stat(file);
    return `${mtime?.getTime()} ${size} ${ino}`;
  } catch {
    return "";
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch {
    return "";
  }
}
