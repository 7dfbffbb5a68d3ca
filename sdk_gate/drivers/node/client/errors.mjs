/** What can go wrong. A class, and a `kind`, for each way in which a caller may want to react. */
export class ExchangeError extends Error {
  constructor(message, { code, status, retryAfterMs, exchangeTimeMs } = {}) {
    super(message);
    this.name = new.target.name;
    this.code = code; // the exchange's own
    this.status = status; // of HTTP
    this.retryAfterMs = retryAfterMs;
    this.exchangeTimeMs = exchangeTimeMs; // when the exchange said it, by its own clock
  }
}

// These did not happen.

/** The exchange said no. */
export class Rejected extends ExchangeError {
  kind = "rejected";
}

/** The exchange did not accept the credentials. */
export class Unauthorized extends ExchangeError {
  kind = "unauthorized";
}

/** Too many requests; `retryAfterMs` tells how long to wait, if the exchange did. */
export class RateLimited extends ExchangeError {
  kind = "rate_limited";
}

/** Refused by this client; nothing was sent. */
export class InvalidArgument extends ExchangeError {
  kind = "invalid";
}

/** This client does not have the operation; nothing was sent. */
export class Unsupported extends ExchangeError {
  kind = "unsupported";
}

// These may have happened: look before an order is placed again.

/** No answer in time. */
export class TimedOut extends ExchangeError {
  kind = "timeout";
}

/** The connection failed, broke, or was not to be trusted. */
export class ConnectionFailed extends ExchangeError {
  kind = "transport";
}

/** HTTP 5xx. */
export class ServerFailed extends ExchangeError {
  kind = "server";
}

/** An answer that is not what the contract says. */
export class Unreadable extends ExchangeError {
  kind = "unreadable";
}

/** An answer that broke off. */
export class CutShort extends Unreadable {}
