import { InvalidArgument } from "./errors.mjs";
import { plain } from "./numbers.mjs";

const WORDS = new Map([
  ["direction", new Map([["BUY", "0"], ["SELL", "1"]])],
  ["type", new Map([["LIMIT", "0"], ["MARKET", "1"]])],
]);
const DECIMALS = new Set(["price", "amount", "entrustPrice"]);

/** Parameters as they travel in a query or a form, in the order given; null and undefined stay away. */
export function encodeParameters(parameters) {
  return Object.entries(parameters)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(wireText(name, value))}`)
    .join("&");
}

function wireText(name, value) {
  const text = textOf(name, value);
  return DECIMALS.has(name) ? plain(text) : (WORDS.get(name)?.get(text) ?? text);
}

function textOf(name, value) {
  if (typeof value === "string" && value.isWellFormed()) return value;
  if (["boolean", "bigint"].includes(typeof value) || Number.isSafeInteger(value)) return String(value);
  throw new InvalidArgument(`${name} has to be text, an integer or a boolean; write fractions as text`);
}

/** Percent-encodes all but RFC 3986's unreserved characters. */
function percentEncode(text) {
  const hex = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}
