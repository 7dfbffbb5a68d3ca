// How calls show who they are. Each call gets an access of its own: `prepare` may take time, `headers` is
// asked for right before sending, and `repair` says whether a refusal is worth another attempt, once a call.
import { signedHeaders } from "./signer.mjs";

export const NOT_LOGGED_IN = 4000;
const OUTSIDE_WINDOW = 3003;
const HALF_A_SECOND_MS = 500; // the Date header has whole seconds only

/** Credentials of those who have none. */
export class Nobody {
  access() {
    return { prepare() {}, headers: () => ({}), repair: () => false };
  }
}

/** A log-in. Its token is fetched when it is first needed, once however many need it, and kept. */
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
    return new TokenAccess(this);
  }
}

class TokenAccess {
  #session;
  #token;
  #text;
  #isRenewed = false;

  constructor(session) {
    this.#session = session;
  }

  async prepare() {
    this.#token = this.#session.token();
    this.#text = await this.#token;
  }

  headers() {
    return { Authorization: this.#text };
  }

  repair({ status, code }) {
    if (this.#isRenewed || (status !== 401 && code !== NOT_LOGGED_IN)) return false;
    this.#session.refused(this.#token);
    this.#isRenewed = true;
    return true;
  }
}

/** An API key that signs, by a clock that follows the exchange's. */
export class Key {
  #key;
  #recipe;
  #aheadMs = 0; // the exchange's clock, compared with ours

  constructor(key, recipe) {
    this.#key = key;
    this.#recipe = recipe;
  }

  access() {
    let isCorrected = false;
    return {
      prepare() {},
      headers: (request) => signedHeaders(request, this.#key, Date.now() + this.#aheadMs, this.#recipe),
      repair: ({ code, exchangeTimeMs }) => {
        if (isCorrected || code !== OUTSIDE_WINDOW || !exchangeTimeMs) return false;
        this.#aheadMs = exchangeTimeMs + HALF_A_SECOND_MS - Date.now();
        isCorrected = true;
        return true;
      },
    };
  }
}
