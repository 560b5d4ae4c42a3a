/**
 * Rate limits: how many requests may pass in a time, beside how many may be served at once.
 *
 * @module
 */
export {
  type Algorithm,
  ALGORITHMS,
  type BoundRateLimit,
  type Partition,
  RateLimit,
  type RateLimitSettings,
} from "./rate_limit.ts";
