import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionFailed, CutShort, RateLimited, ServerFailed, TimedOut } from "./errors.mjs";

const MOST_READS = 3;
const MOST_REPEATS_AFTER_429 = 2;
const LONGEST_WAIT_MS = 10_000;
const GATEWAY = [502, 503, 504];

/** What one call may still try, and how long it pauses before. */
export class Patience {
  #isRead;
  #retryMs;
  #reads = 1;
  #repeatsAfter429 = 0;

  constructor(isRead, retryMs) {
    this.#isRead = isRead;
    this.#retryMs = retryMs;
  }

  /** Whether to try again after this error; if so, once the pause is over. */
  async allowsAnother(error) {
    const pauseMs = error instanceof RateLimited ? this.#afterRefusal(error) : this.#afterFailure(error);
    if (pauseMs === undefined) return false;
    await sleep(pauseMs);
    return true;
  }

  #afterRefusal({ retryAfterMs }) {
    if (retryAfterMs > LONGEST_WAIT_MS || this.#repeatsAfter429 === MOST_REPEATS_AFTER_429) return undefined;
    const doubledMs = this.#retryMs * 2 ** this.#repeatsAfter429++;
    return retryAfterMs === undefined ? doubledMs : 0; // the cooldown waits, for all calls
  }

  #afterFailure(error) {
    // A write may have happened, so it is never sent again.
    if (!this.#isRead || !isTransient(error) || this.#reads === MOST_READS) return undefined;
    return this.#retryMs * 2 ** (this.#reads++ - 1);
  }
}

function isTransient(error) {
  if (error instanceof ServerFailed) return GATEWAY.includes(error.status);
  return [TimedOut, ConnectionFailed, CutShort].some((kind) => error instanceof kind);
}

/** The time in which the exchange wants to hear nothing from this client, whichever call. */
export class Cooldown {
  #untilMs = 0;

  begin(waitMs) {
    this.#untilMs = Math.max(this.#untilMs, performance.now() + waitMs);
  }

  /** Waits for its end; one that is too far away is an error at once. */
  async over() {
    for (let leftMs; (leftMs = this.#untilMs - performance.now()) > 0; ) {
      if (leftMs > LONGEST_WAIT_MS) {
        throw new RateLimited("the exchange asked for a pause", { retryAfterMs: Math.ceil(leftMs) });
      }
      await sleep(Math.ceil(leftMs));
    }
  }
}
