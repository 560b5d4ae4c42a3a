/**
 * GraphQL operations in requests: their name and type, found in the operation's text without a full parser, so that a text with an
 * error is matched too.
 *
 * @module
 */

/** Type of an operation. */
export type OperationType = "query" | "mutation" | "subscription";

/** An operation that a GraphQL document defines. */
export interface DefinedOperation {
  /** Name; undefined for an anonymous operation. */
  readonly name: string | undefined;
  /** Type. */
  readonly type: OperationType;
}

/** Maximum number of operations of a document that are looked at. */
const MOST = 1000;

/** White space, commas, comments, texts in quotes, names, and single characters. A block text may contain quotes. */
const TOKEN =
  /[\s,\ufeff]+|#[^\n\r]*|"""(?:[^"\\]|\\"""|\\|"(?!""))*(?:"""|$)|"(?:[^"\\\n\r]|\\.)*"?|[_A-Za-z][_0-9A-Za-z]*|[^]/gy;

/** Finds the operations that a document defines, in their order. */
export function operationsIn(document: string): DefinedOperation[] {
  const found: DefinedOperation[] = [];
  let depth = 0;
  /** Type of the definition that has begun: a fragment's and others' are empty. Undefined between definitions. */
  let type: OperationType | "" | undefined;
  /** True directly after the word `query`, where a name may follow. */
  let mayName = false;
  TOKEN.lastIndex = 0;
  for (
    let match = TOKEN.exec(document);
    match !== null && found.length < MOST;
    match = TOKEN.exec(document)
  ) {
    const [token] = match;
    const first = token[0];
    if (/[\s,#\ufeff]/.test(first)) continue;
    if (first === "{" || first === "(" || first === "[") {
      if (depth === 0 && first === "{" && type === undefined) {
        found.push({ name: undefined, type: "query" });
        type = "";
      }
      depth++;
    } else if (first === "}" || first === ")" || first === "]") {
      depth = Math.max(0, depth - 1);
      if (depth === 0 && first === "}") type = undefined;
    } else if (depth === 0 && /[_A-Za-z]/.test(first)) {
      if (mayName) {
        found[found.length - 1] = {
          name: token,
          type: found[found.length - 1].type,
        };
      } else if (type === undefined) {
        type = isType(token) ? token : "";
        if (isType(token)) {
          found.push({ name: undefined, type: token });
          mayName = true;
          continue;
        }
      }
    }
    mayName = false;
  }
  return found;
}

function isType(word: string): word is OperationType {
  return word === "query" || word === "mutation" || word === "subscription";
}

/** Members of a GraphQL request over HTTP, as far as they say which operation it asks for. */
export interface GraphqlRequest {
  /** Text of the document. */
  readonly query: unknown;
  /** Name of the operation. */
  readonly operationName: unknown;
  /** Extensions: `persistedQuery` among them. */
  readonly extensions: unknown;
}

/** The operation that a request asks for. Its text is looked at only if name or type cannot be told otherwise. */
export class GraphqlOperation {
  readonly #document: string | undefined;
  readonly #named: string | undefined;
  readonly #overGet: boolean;
  #meant: DefinedOperation | undefined;
  #sought = false;
  /** Hash of a persisted query, `extensions.persistedQuery.sha256Hash`; undefined if there is none. */
  readonly hash: string | undefined;

  /** @param overGet true for a request of the method GET, which asks for queries only */
  constructor(
    { query, operationName, extensions }: GraphqlRequest,
    overGet: boolean,
  ) {
    this.#document = typeof query === "string" ? query : undefined;
    this.#named = typeof operationName === "string" && operationName !== ""
      ? operationName
      : undefined;
    this.#overGet = overGet;
    this.hash = hashIn(extensions);
  }

  /** Name: `operationName`, or that of the only operation in the text. Undefined if there is none. */
  get name(): string | undefined {
    return this.#named ?? this.#definition?.name;
  }

  /** Type; undefined if it cannot be told, as for a persisted query without its text. */
  get type(): OperationType | undefined {
    return this.#definition?.type ?? (this.#overGet ? "query" : undefined);
  }

  /** False if the request is none of GraphQL: it has neither a document, nor a name, nor the hash of a persisted query. */
  get exists(): boolean {
    return this.#document !== undefined || this.#named !== undefined ||
      this.hash !== undefined;
  }

  get #definition(): DefinedOperation | undefined {
    if (!this.#sought) {
      this.#sought = true;
      const defined = this.#document === undefined
        ? []
        : operationsIn(this.#document);
      const named = this.#named;
      this.#meant = named === undefined
        ? defined.length === 1 ? defined[0] : undefined
        : defined.find(({ name }) => name === named);
    }
    return this.#meant;
  }
}

function hashIn(extensions: unknown): string | undefined {
  const persisted = memberOf(extensions, "persistedQuery");
  const hash = memberOf(persisted, "sha256Hash");
  return typeof hash === "string" ? hash : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null &&
      Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
