import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionFailed, CutShort, RateLimited, ServerFailed, TimedOut } from "./errors.mjs";

const MOST_READS = 3;
const MOST_REPEATS_AFTER_429 = 2;
const LONGEST_WAIT_MS = 10_000;
const GATEWAY = [502, 503, 504];

/** What one call may still try, and how long it pauses before. */
export class Patience {
  #readsLeft;
  #repeatsLeft = MOST_REPEATS_AFTER_429;
  #pauseMs;

  constructor(isRead, retryMs) {
    this.#readsLeft = isRead ? MOST_READS - 1 : 0; // a write may have happened: it is never sent again
    this.#pauseMs = retryMs;
  }

  /** Whether to try again after this error; if so, once the pause is over. */
  async allowsAnother(error) {
    if (!this.#isWorthIt(error)) return false;
    await sleep(this.#pauseMs);
    this.#pauseMs *= 2;
    return true;
  }

  #isWorthIt(error) {
    if (error instanceof RateLimited) return !(error.retryAfterMs > LONGEST_WAIT_MS) && this.#repeatsLeft-- > 0;
    return isTransient(error) && this.#readsLeft-- > 0;
  }
}

function isTransient(error) {
  if (error instanceof ServerFailed) return GATEWAY.includes(error.status);
  return [TimedOut, ConnectionFailed, CutShort].some((kind) => error instanceof kind);
}

/** The time in which the exchange wants to hear nothing from this client, whichever call it is. */
export class Cooldown {
  #untilMs = 0;

  begin(waitMs) {
    this.#untilMs = Math.max(this.#untilMs, performance.now() + waitMs);
  }

  /** Waits for its end. One that is too far away is an error at once. */
  async over() {
    for (;;) {
      const leftMs = Math.ceil(this.#untilMs - performance.now());
      if (leftMs <= 0) return;
      if (leftMs > LONGEST_WAIT_MS) throw new RateLimited("the exchange asked for a pause", { retryAfterMs: leftMs });
      await sleep(leftMs);
    }
  }
}
