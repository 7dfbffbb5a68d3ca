import { createHmac } from "node:crypto";

const WINDOW_MS = "5000";

/** How requests are signed by the exchange's documents; an exchange that does it otherwise says in what. */
const DOCUMENTED = {
  key_header: "X-FT-APIKEY",
  timestamp_header: "X-FT-TIMESTAMP",
  window_header: "X-FT-RECV-WINDOW",
  signature_header: "X-FT-SIGN",
  parts: ["timestamp", "recvWindow", "METHOD", "path", "?query", "body"],
  algorithm: "sha256",
  encoding: "hex",
};

/** The text that is signed, and its signature. Query and body are exactly what is sent. */
export function sign({ method, path, query, body }, { timestamp, window, key, secret }, signing) {
  const recipe = { ...DOCUMENTED, ...signing };
  const optional = query && `?${query}`;
  const parts = { timestamp, recvWindow: window, key, METHOD: method, path, query, "?query": optional, body };
  const canonical = recipe.parts.map((part) => parts[part]).join("");
  const signature = createHmac(recipe.algorithm, secret).update(canonical).digest(recipe.encoding);
  return { canonical, signature };
}

/** The headers of a request that is sent at that time. */
export function signedHeaders(request, { name, secret }, timeMs, signing) {
  const recipe = { ...DOCUMENTED, ...signing };
  const stamp = { timestamp: String(timeMs), window: WINDOW_MS, key: name, secret };
  return {
    [recipe.key_header]: name,
    [recipe.timestamp_header]: stamp.timestamp,
    [recipe.window_header]: stamp.window,
    [recipe.signature_header]: sign(request, stamp, recipe).signature,
  };
}
