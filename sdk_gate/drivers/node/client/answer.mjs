import { NOT_LOGGED_IN } from "./credentials.mjs";
import { RateLimited, Rejected, ServerFailed, Unauthorized, Unreadable } from "./errors.mjs";
import { parseJson } from "./numbers.mjs";

/** What an operation answered, without an envelope around it; anything but success is thrown. */
export function readAnswer({ status, headers, text }) {
  const answer = readJson(text);
  const code = typeof answer?.code === "number" ? answer.code : undefined;
  const Failure = failureOf(status, code, answer);
  if (Failure) {
    const exchangeTimeMs = Date.parse(headers.date);
    const retryAfterMs = status === 429 ? readRetryAfter(headers) : undefined;
    throw new Failure(reasonOf(status, answer), { status, code, exchangeTimeMs, retryAfterMs });
  }
  return code === undefined ? answer : (answer.data ?? null);
}

function readJson(text) {
  try {
    return parseJson(text);
  } catch {
    return undefined; // the parser's own words may quote the answer, and secrets with it
  }
}

function failureOf(status, code = 0, answer) {
  if (status === 429) return RateLimited;
  if (status === 401 || status === 403 || code === NOT_LOGGED_IN) return Unauthorized;
  if (status >= 500) return ServerFailed;
  if ((status >= 300 && status < 400) || answer === undefined) return Unreadable;
  if (status >= 400 || code !== 0) return Rejected;
  return undefined;
}

function reasonOf(status, answer) {
  if (typeof answer?.message === "string") return answer.message;
  return answer === undefined ? `HTTP ${status} with an answer that is not JSON` : `HTTP ${status}`;
}

function readRetryAfter({ "retry-after": value, date }) {
  if (/^\d+(\.\d+)?$/.test(value)) return 1000 * Number(value);
  const waitMs = Date.parse(value) - (Date.parse(date) || Date.now()); // both by the exchange's clock
  return Number.isNaN(waitMs) ? undefined : Math.max(waitMs, 0);
}
