/**
 * Words of places that other replicas have freed: those that came, and those that were lost on the way.
 *
 * @module
 */

/** Counts the words that came, and compares them with those that Redis has sent. */
export class Words {
  #came = 0;
  #suspect = false;

  /** A word has come. */
  come(): void {
    this.#came++;
  }

  /** Begins again, with a new incarnation. */
  forget(): void {
    this.#came = 0;
    this.#suspect = false;
  }

  /**
   * Returns true if words were lost: if they are missing at a second look, since at the first they may be under way. They count as
   * come from then on.
   *
   * @param sent number of words that were sent
   */
  lacks(sent: number): boolean {
    if (sent <= this.#came) {
      this.#suspect = false;
      return false;
    }
    if (!this.#suspect) {
      this.#suspect = true;
      return false;
    }
    this.#suspect = false;
    this.#came = sent;
    return true;
  }
}
