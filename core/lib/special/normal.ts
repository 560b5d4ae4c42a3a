/**
 * The standard normal distribution: its quantile and cumulative distribution functions.
 *
 * @module
 */

const INVERSE_SQRT_2PI = 0.3989422804014327;

/** Number of standard deviations beyond which a tail is less than the smallest number. */
const UNDERFLOW = 39;

/**
 * Quantile of the standard normal distribution, with a relative error of about 1e-16; −Infinity at 0, Infinity at 1.
 *
 * Source: Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988
 * (PPND16).
 */
export function normalQuantile(u: number): number {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return q *
      (((((((r * 2509.0809287301226727 + 33430.575583588128105) * r +
                            67265.770927008700853) * r +
                        45921.953931549871457) * r +
                    13731.693765509461125) * r + 1971.5909503065514427) * r +
            133.14166789178437745) * r + 3.387132872796366608) /
      (((((((r * 5226.495278852545925 + 28729.085735721942674) * r +
                            39307.89580009271061) * r + 21213.794301586595867) *
                      r +
                    5394.1960214247511077) * r + 687.1870074920579083) * r +
            42.313330701600911252) * r + 1);
  }
  const tail = tailQuantile(q < 0 ? u : 1 - u);
  return q < 0 ? tail : -tail;
}

/** Quantile at u ≤ 0.075, which is negative. */
function tailQuantile(u: number): number {
  const root = Math.sqrt(-Math.log(u));
  if (root <= 5) {
    const r = root - 1.6;
    return -(((((((r * 7.7454501427834140764e-4 + 0.0227238449892691845833) *
                            r + 0.24178072517745061177) * r +
                      1.27045825245236838258) * r + 3.64784832476320460504) *
                r +
              5.7694972214606914055) * r + 4.6303378461565452959) * r +
      1.42343711074968357734) /
      (((((((r * 1.05075007164441684324e-9 + 5.475938084995344946e-4) * r +
                            0.0151986665636164571966) * r +
                        0.14810397642748007459) *
                      r + 0.68976733498510000455) * r + 1.6763848301838038494) *
              r +
            2.05319162663775882187) * r + 1);
  }
  if (root === Infinity) return -Infinity;
  const r = root - 5;
  return -(((((((r * 2.01033439929228813265e-7 + 2.71155556874348757815e-5) *
                          r + 0.0012426609473880784386) * r +
                    0.026532189526576123093) * r + 0.29656057182850489123) * r +
            1.7848265399172913358) * r + 5.4637849111641143699) * r +
    6.6579046435011037772) /
    (((((((r * 2.04426310338993978564e-15 + 1.4215117583164458887e-7) * r +
                          1.8463183175100546818e-5) * r +
                      7.868691311456132591e-4) *
                    r + 0.0148753612908506148525) * r +
              0.13692988092273580531) *
            r + 0.59983220655588793769) * r + 1);
}

/** Density of the standard normal distribution. */
export function normalDensity(z: number): number {
  return INVERSE_SQRT_2PI * Math.exp(-z * z / 2);
}

/**
 * P(Z ≤ z), with a relative error of about 1e-15 in both tails. By symmetry, P(Z > z) is `normalCdf(-z)`.
 *
 * Source: Cody, "Algorithm 715: SPECFUN", ACM Transactions on Mathematical Software 19, 1993 (ANORM), after his "Rational
 * Chebyshev approximations for the error function", 1969.
 */
export function normalCdf(z: number): number {
  const y = Math.abs(z);
  if (y <= 0.67448975) {
    const s = z * z;
    return 0.5 + z *
        ((((0.065682337918207449113 * s + 2.2352520354606839287) * s +
                  161.02823106855587881) * s + 1067.6894854603709582) * s +
          18154.981253343561249) /
        ((((s + 47.20258190468824187) * s + 976.09855173777669322) * s +
              10260.932208618978205) * s + 45507.789335026729956);
  }
  if (y > UNDERFLOW) return z < 0 ? 0 : 1;
  const tail = gaussian(y) * (y <= 5.656854249492381 ? middle(y) : far(y));
  return z < 0 ? tail : 1 - tail;
}

/** exp(−y²/2); the square is split so that its rounding error does not affect the result. */
function gaussian(y: number): number {
  const coarse = Math.trunc(y * 16) / 16;
  return Math.exp(-coarse * coarse / 2) *
    Math.exp(-(y - coarse) * (y + coarse) / 2);
}

/** P(Z > y)·exp(y²/2) for 0.67 < y ≤ √32. */
function middle(y: number): number {
  return ((((((((1.0765576773720192317e-8 * y + 0.39894151208813466764) * y +
                            8.8831497943883759412) * y +
                        93.506656132177855979) *
                      y + 597.27027639480026226) * y + 2494.5375852903726711) *
              y + 6848.1904505362823326) * y + 11602.651437647350124) * y +
    9842.7148383839780218) /
    ((((((((y + 22.266688044328115691) * y + 235.38790178262499861) * y +
                          1519.377599407554805) * y + 6485.558298266760755) *
                    y +
                  18615.571640885098091) * y + 34900.952721145977266) * y +
          38912.003286093271411) * y + 19685.429676859990727);
}

/** P(Z > y)·exp(y²/2) for y > √32. */
function far(y: number): number {
  const s = 1 / (y * y);
  const correction = s *
    (((((0.02307344176494017303 * s + 0.21589853405795699) * s +
                  0.1274011611602473639) * s + 0.022235277870649807) * s +
          0.001421619193227893466) * s + 2.9112874951168792e-5) /
    (((((s + 1.28426009614491121) * s + 0.468238212480865118) * s +
              0.0659881378689285515) * s + 0.00378239633202758244) * s +
      7.29751555083966205e-5);
  return (INVERSE_SQRT_2PI - correction) / y;
}
