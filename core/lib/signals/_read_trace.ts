import type { Issue, KitType } from "../../plugin.ts";

/** How many faults of one file are told one by one. */
const TOLD = 10;

/** A point of a course. */
interface Point {
  /** In ms. */
  readonly at: number;
  readonly value: number;
}

/** What the cells of a line are. */
interface Cells {
  readonly duration: KitType<number>;
  readonly unit: KitType<number>;
}

type Fault = Omit<Issue, "path">;

/**
 * Reads a file with a line `time,value` for each point, separated by comma, semicolon or tab. The first line may be a
 * header.
 *
 * @param path absolute
 * @returns the points, one at least, or what is wrong with the file
 */
export function readTrace(
  path: string,
  cells: Cells,
): { readonly points: readonly Point[]; readonly faults: readonly Fault[] } {
  const points: Point[] = [];
  const faults: Fault[] = [];
  let text = "";
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const message = `Cannot read the file: ${(error as Error).message}`;
    const allowed = "the path of a file that can be read";
    return { points, faults: [{ message, value: path, allowed }] };
  }
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "" || index === 0 && isHeader(line)) continue;
    const read = readLine(line, cells, points.at(-1));
    if ("at" in read) points.push(read);
    else faults.push({ ...read, message: `Line ${index + 1} ${read.message}` });
  }
  if (points.length === 0 && faults.length === 0) {
    faults.push({ message: "The file holds no points", value: path });
  }
  const untold = faults.length - TOLD;
  return {
    points,
    faults: untold <= 0 ? faults : [
      ...faults.slice(0, TOLD),
      { message: `Further lines are at fault: ${untold}`, value: path },
    ],
  };
}

/** A header has no digit at the beginning of a cell. */
function isHeader(line: string): boolean {
  return !cellsOf(line).some((cell) => /^[+-]?\.?\d/.test(cell));
}

function cellsOf(line: string): string[] {
  return line.split(/[,;\t]/).map((cell) => cell.trim());
}

function readLine(
  line: string,
  { duration, unit }: Cells,
  last: Point | undefined,
): Point | Fault {
  const cells = cellsOf(line);
  const at = parse(duration, cells[0]);
  const value = parse(unit, cells[1]);
  if (cells.length !== 2 || at === undefined || value === undefined) {
    return {
      message: "is no point",
      value: line.trim(),
      allowed: "a time and a value such as 1.5s,400/s or 1500,400",
    };
  }
  if (last !== undefined && at < last.at) {
    return {
      message: "goes back in time",
      value: line.trim(),
      allowed: `at least ${last.at} ms`,
    };
  }
  return { at, value };
}

/** A cell that is a number without a unit is a number. */
function parse(type: KitType<number>, cell = ""): number | undefined {
  const number = Number(cell);
  const { data } = type.safeParse(
    cell === "" || Number.isNaN(number) ? cell : number,
  );
  return data as number | undefined;
}
