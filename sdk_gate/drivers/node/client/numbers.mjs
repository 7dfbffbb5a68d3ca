// Decimals are text from end to end: JavaScript has no type for them, and a double is none.
import { compareNumber, isInteger, parse } from "lossless-json";

const WITH_EXPONENT = /^(-?)\+?(\d+)(?:\.(\d*))?[eE]([+-]?\d{1,3})$/;

/** A decimal without an exponent and with the digits that it has; any other text as it is. */
export function plain(text) {
  const parts = WITH_EXPONENT.exec(text);
  if (!parts) return text;
  const [, sign, whole, fraction = "", exponent] = parts;
  const point = whole.length + Number(exponent);
  const digits = "0".repeat(Math.max(1 - point, 0)) + (whole + fraction).padEnd(point, "0");
  const cut = Math.max(point, 1);
  const after = digits.slice(cut);
  return sign + digits.slice(0, cut).replace(/^0+(?=\d)/, "") + (after && `.${after}`);
}

/** One text for all ways to write a decimal: without the zeros at its end that say nothing. */
export function normalized(decimal) {
  const text = plain(decimal);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** Orders decimals by their value. */
export const compare = compareNumber;

/** JSON with every digit: integers as number or, beyond 2^53, as bigint; fractions as text. */
export function parseJson(text) {
  return parse(text, null, exactNumber);
}

function exactNumber(text) {
  if (!isInteger(text)) return plain(text);
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
