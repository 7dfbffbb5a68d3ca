import { createHmac } from "node:crypto";

const WINDOW_MS = "5000";

/** How requests are signed by the exchange's documents. */
export const DOCUMENTED = {
  key_header: "X-FT-APIKEY",
  timestamp_header: "X-FT-TIMESTAMP",
  window_header: "X-FT-RECV-WINDOW",
  signature_header: "X-FT-SIGN",
  parts: ["timestamp", "recvWindow", "METHOD", "path", "?query", "body"],
  algorithm: "sha256",
  encoding: "hex",
};

/** The text that is signed, and its signature; query and body exactly as they are sent. */
export function sign({ method, path, query, body }, { timestamp, window, key, secret }, recipe = DOCUMENTED) {
  const parts = {
    timestamp,
    recvWindow: window,
    key,
    METHOD: method,
    path,
    query,
    "?query": query && `?${query}`,
    body,
  };
  const canonical = recipe.parts.map((part) => parts[part]).join("");
  const signature = createHmac(recipe.algorithm, secret).update(canonical).digest(recipe.encoding);
  return { canonical, signature };
}

/** The headers of a request that is sent at that time. */
export function signedHeaders(request, { name, secret }, timeMs, recipe = DOCUMENTED) {
  const timestamp = String(timeMs);
  const { signature } = sign(request, { timestamp, window: WINDOW_MS, key: name, secret }, recipe);
  return {
    [recipe.key_header]: name,
    [recipe.timestamp_header]: timestamp,
    [recipe.window_header]: WINDOW_MS,
    [recipe.signature_header]: signature,
  };
}
