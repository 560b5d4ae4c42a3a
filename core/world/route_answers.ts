/**
 * The answers of a route: of its one response, or of the responses that its requests get in turn.
 *
 * @module
 */
import {
  ALL_IN_TURN,
  type ResponseSettings,
  type RouteSettings,
  type TurnKey,
  type TurnsSettings,
} from "../config/mod.ts";
import { TurnList } from "../lib/turn_list.ts";
import type { LiveExchange, Plan } from "../pipeline/exchange.ts";
import { RequestView } from "../pipeline/request_view.ts";
import type { Turning } from "../pipeline/turns.ts";
import type { Route } from "../plugin.ts";
import { type AnswerContext, createAnswer } from "../respond/answer.ts";
import type { Line } from "../respond/body_stream.ts";
import type { ProxyParts } from "../respond/proxy.ts";
import { type PreparedResponse, prepareResponse } from "../respond/response.ts";
import { parametersIn } from "../respond/text.ts";

/** Functions that answer the exchanges of a route. */
type Answers = Pick<
  Plan,
  "answer" | "build" | "prepare" | "simulate" | "status"
>;

/** Prepared answers of a route. */
export interface RouteAnswers extends Answers {
  /** True if some answer contains values of the request's body. */
  readonly readsBody: boolean;
  /** Lines of paced bodies, for a dial. */
  readonly lines: readonly Line[];
  /** True if another server gives some answer. */
  readonly isProxied: boolean;
  /** Settings of its turns; undefined where all requests get the same. */
  readonly turning: Turning | undefined;
  /** First turn of each response that is built here; a proxied one comes from elsewhere. */
  readonly trials: readonly number[];
}

/** Parts that the answers of a route need. */
interface AnswerParts {
  /** Parts of the server. */
  readonly parts: ProxyParts;
  /** Makes an example of the JSON Schema of a response, whose place in the route is a JSON Pointer. */
  readonly example: (schema: object, at: string) => string;
  /** Parts that the answers of all routes share. */
  readonly context: AnswerContext;
}

/** Prepares the answers of a route. */
export function prepareAnswers(
  route: RouteSettings,
  view: Route,
  parts: AnswerParts,
): RouteAnswers {
  const { response, responses = [response], turns = ALL_IN_TURN } = route;
  const each = responses.map((one, index) =>
    answersOf({ ...route, response: one }, view, {
      ...parts,
      at: route.responses === undefined ? "/response" : `/responses/${index}`,
    })
  );
  const list = listOf(responses, turns);
  const counted = turns.per && countedBy(turns.per, route.path);
  const [first] = each;
  return {
    ...route.responses === undefined ? first : inTurn(each, list),
    readsBody: each.some((one) => one.readsBody),
    lines: each.flatMap(({ line }) => line === undefined ? [] : [line]),
    isProxied: responses.some(({ proxy }) => proxy !== undefined),
    turning: route.responses === undefined && counted === undefined
      ? undefined
      : { counted, statusOf: (turn) => each[list.at(turn)].status },
    trials: each.flatMap(({ prepare }, index) =>
      prepare === undefined ? [list.firstOf(index)] : []
    ),
  };
}

function listOf(
  entries: readonly ResponseSettings[],
  { repeats }: TurnsSettings,
): TurnList {
  return new TurnList(entries.map(({ times = 1 }) => times), repeats);
}

function answersOf(
  route: RouteSettings,
  view: Route,
  { parts, example, context, at }: AnswerParts & { readonly at: string },
): Answers & Pick<PreparedResponse, "line"> & { readonly readsBody: boolean } {
  const { answer, line, prepare, simulate, readsBody = false } =
    prepareResponse(route, view, {
      ...parts,
      example: (schema) => example(schema, at),
    });
  return {
    line,
    ...createAnswer(answer, context),
    prepare,
    simulate,
    status: route.response.status,
    readsBody,
  };
}

/** Answers of several responses, of which each exchange gets the one of its turn. */
function inTurn(each: readonly Answers[], list: TurnList): Answers {
  const of = (x: LiveExchange) => each[list.at(x.turn)];
  return {
    status: each[0].status,
    build: (x) => of(x).build(x),
    answer: (x) => of(x).answer?.(x),
    prepare: each.every(({ prepare }) => prepare === undefined)
      ? undefined
      : (x) => of(x).prepare?.(x),
    simulate: each.every(({ simulate }) => simulate === undefined)
      ? undefined
      : (x) => of(x).simulate?.(x),
  };
}

/** The value by which requests are counted. Those without it are counted together. */
function countedBy({ from, name }: TurnKey, path: string): Turning["counted"] {
  const valueOf = valueIn({ from, name }, path);
  return {
    key: `${from}:${name}`,
    valueOf: (x) => valueOf(x) ?? "",
  };
}

function valueIn(
  { from, name }: TurnKey,
  path: string,
): (x: LiveExchange) => string | null | undefined {
  switch (from) {
    case "header": {
      const header = name.toLowerCase();
      return ({ viewed }) => viewed?.header(header);
    }
    case "cookie":
      return ({ viewed }) => viewed && new RequestView(viewed).cookie(name);
    case "query":
      return ({ viewed }) => viewed && new RequestView(viewed).query(name)[0];
    case "path": {
      const parameters = parametersIn(path);
      return ({ viewed }) => viewed && parameters(viewed.url)[name];
    }
  }
}
