/**
 * What can go wrong: a class and a `kind` for each way in which a caller may want to react. Where they are known:
 * `code` (the exchange's), `status` (HTTP), `retryAfterMs`, and `exchangeTimeMs` (when it was said, by its clock).
 */
export class ExchangeError extends Error {
  constructor(message, details) {
    super(message);
    this.name = new.target.name;
    Object.assign(this, details);
  }
}

// These did not happen.
export class Rejected extends ExchangeError { kind = "rejected"; } // the exchange said no
export class Unauthorized extends ExchangeError { kind = "unauthorized"; } // it does not accept the credentials
export class RateLimited extends ExchangeError { kind = "rate_limited"; } // too many requests
export class InvalidArgument extends ExchangeError { kind = "invalid"; } // refused by this client, nothing was sent
export class Unsupported extends ExchangeError { kind = "unsupported"; } // there is no such operation

// These may have happened: look, before an order is placed again.
export class TimedOut extends ExchangeError { kind = "timeout"; } // no answer in time
export class ConnectionFailed extends ExchangeError { kind = "transport"; } // not connected, broken, or not trusted
export class ServerFailed extends ExchangeError { kind = "server"; } // HTTP 5xx
export class Unreadable extends ExchangeError { kind = "unreadable"; } // not what the contract says
export class CutShort extends Unreadable {} // an answer that broke off
