/**
 * The server as a program has it: the stack of an error begins at the program's own line, and lists all issues.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import { Server, type ServerOptions } from "./server.ts";

/** Server whose calls come from a program. */
export class LibraryServer extends Server {
  constructor(options: ServerOptions) {
    super(options);
    const { simulate } = this;
    const called: Server["simulate"] = (...given) =>
      atCaller(called, () => simulate(...given));
    Object.assign(this, { simulate: called });
  }

  override load(
    ...given: Parameters<Server["load"]>
  ): ReturnType<Server["load"]> {
    return atCaller(this.load, () => super.load(...given));
  }

  override find(
    ...given: Parameters<Server["find"]>
  ): ReturnType<Server["find"]> {
    return atCaller(this.find, () => super.find(...given));
  }

  override sweep(
    ...given: Parameters<Server["sweep"]>
  ): ReturnType<Server["sweep"]> {
    return atCaller(this.sweep, () => super.sweep(...given));
  }

  override update(
    ...given: Parameters<Server["update"]>
  ): ReturnType<Server["update"]> {
    const [patch] = given;
    return atCaller(this.update, () =>
      super.update(patch, {
        allowed: "other parts of the configuration, or one route at a time",
        suggestion: `server.fetch(new Request(new URL("${
          this.config.control.path.slice(1)
        }/routes/ID", server.url), { method: "PATCH", body: JSON.stringify({ … }) }))`,
      }));
  }

  override draw(
    ...given: Parameters<Server["draw"]>
  ): ReturnType<Server["draw"]> {
    return atCaller(this.draw, () => super.draw(...given));
  }
}
