// The second implementation of the vectors: Node.js alone, nothing of the suite's own code.
// It takes {"signing": ..., "encoding": ..., "decimals": ..., "messages": ...} as JSON on standard input, works each
// vector out from its inputs, and prints {"signing": {"<id>": {"<stage>": ...}}, ...}. It judges nothing.
// An SDK's unit test can be read off it: each function below is one stage.
import { createHmac } from "node:crypto";

// --- encoding -------------------------------------------------------------------------------------------------

/** A value as a form has it: letters, digits and -._~ stay, a blank is +, all else is % and a byte of UTF-8. */
function encode(value) {
  const escape = (letter) => "%" + letter.charCodeAt(0).toString(16).toUpperCase();
  return encodeURIComponent(String(value)).replace(/[!'()*]/g, escape).replaceAll("%20", "+");
}

/** Parameters as they are sent; what is null was not given. */
function encodeAll(pairs) {
  const given = pairs.filter(([, value]) => value !== null);
  return given.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&");
}

const decodeAll = (text) => [...new URLSearchParams(text)];
const decode = (text) => decodeAll("value=" + text)[0][1];

function encodingStages(vector) {
  if (vector.kind === "parameters") return { encoded: encodeAll(vector.parameters), also: vector.also.map(decodeAll) };
  return {
    encoded: encode(vector.value),
    also: vector.also.map(decode),
    wrong: vector.wrong.map((mistake) => decode(mistake.encoded)),
  };
}

// --- signing --------------------------------------------------------------------------------------------------

function signingStages({ input }) {
  const { method, path, form, timestamp, window, key, secret } = input;
  const query = encodeAll(input.query);
  const body = form === null ? "" : encodeAll(form);
  const target = query === "" ? path : `${path}?${query}`;
  const canonical = timestamp + window + method + target + body;
  const signature = createHmac("sha256", Buffer.from(secret, "utf8")).update(canonical, "utf8").digest("hex");
  const headers = [
    ...(form === null ? [] : [["Content-Type", "application/x-www-form-urlencoded"]]),
    ["X-FT-APIKEY", key],
    ["X-FT-TIMESTAMP", timestamp],
    ...(window === "" ? [] : [["X-FT-RECV-WINDOW", window]]),
    ["X-FT-SIGN", signature],
  ];
  return { query, body, canonical, signature, target, headers, "request body": body };
}

// --- decimals -------------------------------------------------------------------------------------------------

/** A decimal in plain notation, digit by digit: no number of JavaScript ever holds it. */
function plain(text) {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) throw new Error(`not a decimal: ${text}`);
  const [, sign, whole, fraction = "", exponent = "0"] = parts;
  let point = whole.length + Number(exponent);
  let digits = whole + fraction;
  if (point < 1) [digits, point] = ["0".repeat(1 - point) + digits, 1];
  digits = digits.padEnd(point, "0");
  const head = digits.slice(0, point).replace(/^0+(?=\d)/, "");
  const tail = digits.slice(point);
  return sign + head + (tail === "" ? "" : "." + tail);
}

/** The number itself: plain notation without zeros at the end. */
const number = (text) => plain(text).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");

const isPlain = (text) => /^-?\d+(\.\d+)?$/.test(text);

function decimalStages(vector) {
  const given = vector.kind === "sent" ? vector.given : textOf(at(readJson(vector.text), vector.pointer));
  const same = (text) => isPlain(text) && number(text) === number(given);
  return { [vector.kind]: plain(given), also: vector.also.map(same) };
}

// --- JSON with exact numbers ----------------------------------------------------------------------------------

const NUMBER = "\0"; // what marks a text that was a number; no text of an answer begins with it

/** JSON whose numbers are texts in plain notation: they are quoted before JSON.parse makes doubles of them. */
function readJson(text) {
  JSON.parse(text); // what is not JSON has to fail before anything is quoted
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return JSON.parse(text.replace(tokens, (token) => (token.startsWith('"') ? token : JSON.stringify(NUMBER + plain(token)))));
}

const isNumber = (value) => typeof value === "string" && value.startsWith(NUMBER);
const textOf = (value) => (isNumber(value) ? value.slice(1) : value);

/** What a JSON Pointer points at, or null where nothing is. */
function at(document, pointer) {
  let value = document;
  for (const name of pointer.split("/").slice(1)) value = value?.[name];
  return value ?? null;
}

const readAll = (document, pointers) => Object.fromEntries(pointers.map((pointer) => [pointer, textOf(at(document, pointer))]));

// --- messages -------------------------------------------------------------------------------------------------

/** An answer's payload, or what went wrong. */
function understand({ status, body }) {
  let answer = null;
  let isReadable = true;
  try {
    answer = readJson(body);
  } catch {
    isReadable = false;
  }
  const isEnveloped = isNumber(answer?.code);
  const code = isEnveloped ? Number(textOf(answer.code)) : null;
  const refusal = isEnveloped ? { code, message: answer.message } : {};
  if (status === 401 || status === 403) return { outcome: "unauthorized", ...refusal };
  if (status === 429) return { outcome: "rate_limited", ...refusal };
  if (status >= 500) return { outcome: "server" };
  if (status >= 400 || (isEnveloped && code !== 0)) return { outcome: "rejected", ...refusal };
  if (!isReadable) return { outcome: "unreadable" };
  return { outcome: "accepted", payload: isEnveloped ? answer.data : answer };
}

function answerStages(vector) {
  const { outcome, payload, ...refusal } = understand(vector.answer);
  if (outcome === "accepted") return { outcome, error: null, reads: readAll(payload, Object.keys(vector.reads)) };
  const after = vector.answer.headers.find(([name]) => name.toLowerCase() === "retry-after");
  const wait = outcome === "rate_limited" && after ? { retryAfterMs: Number(after[1]) * 1000 } : {};
  const mayHaveHappened = ["unreadable", "server"].includes(outcome);
  return { outcome, error: { ...refusal, ...wait, mayHaveHappened }, reads: {} };
}

/** A book that follows its feed, or null while it is not to be trusted. */
class Book {
  #seq = null;
  #sides = { bids: new Map(), asks: new Map() };

  take(message) {
    const seq = BigInt(textOf(message.seq));
    if (message.type === "snapshot") {
      this.#sides = { bids: new Map(), asks: new Map() };
    } else if (this.#seq === null || seq <= this.#seq) {
      return;
    } else if (BigInt(textOf(message.prevSeq)) !== this.#seq) {
      this.#seq = null;
      return;
    }
    this.#seq = seq;
    for (const side of ["bids", "asks"]) for (const level of message.data[side]) this.#put(side, level.map(textOf));
  }

  #put(side, [price, amount]) {
    if (number(amount) === "0") this.#sides[side].delete(number(price));
    else this.#sides[side].set(number(price), [price, amount]);
  }

  levels() {
    if (this.#seq === null) return null;
    const rising = (side) => [...this.#sides[side].values()].sort(([one], [other]) => compare(one, other));
    return { bids: rising("bids").reverse(), asks: rising("asks") };
  }
}

/** Which of two positive decimals is greater, as integers of one scale. */
function compare(one, other) {
  const scaled = (text) => BigInt(text.replace(/^(\d+)\.?(\d*)$/, (_, whole, fraction) => whole + fraction.padEnd(40, "0")));
  return scaled(one) < scaled(other) ? -1 : 1;
}

function bookStages({ symbol, steps }) {
  const book = new Book();
  const after = steps.map(({ frame }, index) => {
    const message = readJson(frame);
    if (message.topic === `depth.${symbol}`) book.take(message);
    return [`step ${index + 1}`, book.levels()];
  });
  return Object.fromEntries(after);
}

const frameStages = (vector) => ({ reads: readAll(readJson(vector.frame), Object.keys(vector.reads)) });

const messageStages = (vector) => ({ answer: answerStages, frame: frameStages, book: bookStages })[vector.kind](vector);

// --- all of them ----------------------------------------------------------------------------------------------

const STAGES = { signing: signingStages, encoding: encodingStages, decimals: decimalStages, messages: messageStages };

let given = "";
for await (const part of process.stdin.setEncoding("utf8")) given += part;
const worked = Object.entries(JSON.parse(given)).map(([name, { vectors }]) => [
  name,
  Object.fromEntries(vectors.map((vector) => [vector.id, STAGES[name](vector)])),
]);
process.stdout.write(JSON.stringify(Object.fromEntries(worked)));
