// How calls show who they are. Every call has an access of its own: `prepare` may take its time, `headers` is
// asked for right before sending, and `repair` says, once a call, that a refusal is worth another attempt.
import { signedHeaders } from "./signer.mjs";

export const NOT_LOGGED_IN = 4000;
const OUTSIDE_WINDOW = 3003;
const HALF_A_SECOND_MS = 500; // a Date header has whole seconds only

/** The credentials of somebody who has none. */
export const NOBODY = { access: () => ({ prepare() {}, headers: () => ({}), repair: () => false }) };

/** A log-in. Its token is fetched when it is first needed, once for all who need it at once, and kept. */
export class Session {
  #login;
  #token; // a promise

  constructor(login) {
    this.#login = login;
  }

  token() {
    this.#token ??= this.#login().catch((error) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  /** Forgets a token that was refused, unless another has taken its place. */
  refused(token) {
    if (this.#token === token) this.#token = undefined;
  }

  access() {
    let token, headers;
    let isRenewed = false;
    return {
      prepare: async () => {
        token = this.token();
        headers = { Authorization: await token };
      },
      headers: () => headers,
      repair: ({ status, code }) => {
        if (isRenewed || (status !== 401 && code !== NOT_LOGGED_IN)) return false;
        this.refused(token);
        isRenewed = true;
        return true;
      },
    };
  }
}

/** An API key that signs, by a clock that follows the exchange's. */
export class Key {
  #key;
  #signing;
  #aheadMs = 0; // how far the exchange's clock is ahead of ours

  constructor(key, signing) {
    this.#key = key;
    this.#signing = signing;
  }

  access() {
    let isCorrected = false;
    return {
      prepare() {},
      headers: (request) => signedHeaders(request, this.#key, Date.now() + this.#aheadMs, this.#signing),
      repair: ({ code, exchangeTimeMs }) => {
        if (isCorrected || code !== OUTSIDE_WINDOW || !exchangeTimeMs) return false;
        this.#aheadMs = exchangeTimeMs + HALF_A_SECOND_MS - Date.now();
        isCorrected = true;
        return true;
      },
    };
  }
}
