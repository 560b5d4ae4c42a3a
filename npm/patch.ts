/**
 * Types that configurations and their patches are made of.
 *
 * @module
 */

/**
 * Route keys of plugins of your own, which the package cannot know:
 * `declare module "perfmock" { interface PluginRouteKeys { coldStart?: { after: string } } }`.
 */
// deno-lint-ignore no-empty-interface -- projects add to it
export interface PluginRouteKeys {}

/** A patch (RFC 7396): any part of a value, and null for a key to remove. Lists are replaced. */
export type Patch<T> = T extends readonly unknown[] ? T
  : T extends object ? { readonly [K in keyof T]?: Patch<T[K]> | null }
  : T;
