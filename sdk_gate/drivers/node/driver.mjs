// Lets the SDK gate use the client: reads steps from standard input, answers on standard output.
// The protocol is in docs/sdk-driver.md.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { stringify } from "lossless-json";
import { Client } from "./client/client.mjs";
import { ExchangeError } from "./client/errors.mjs";
import { parseJson } from "./client/numbers.mjs";
import { encodeParameters } from "./client/parameters.mjs";
import { sign } from "./client/signer.mjs";

const PROTOCOL = "1.0";
const FEATURES = ["token", "key", "concurrency", "sign", "streams", "private", "book"];
const { name, version } = JSON.parse(readFileSync(new URL("package.json", import.meta.url)));
const log = process.env.SDK_GATE_LOG === "debug" ? (line) => console.error(line) : () => {};

let client;
const events = new Map(); // by topic: what came since it was last asked for

const STEPS = {
  hello: () => ({ protocol: PROTOCOL, sdk: { name, version, language: "Node.js" }, features: FEATURES }),

  async open({ config }) {
    const before = client;
    client = new Client(config, log);
    events.clear();
    await before?.close();
  },

  call: ({ operation, params }) => opened().call(operation, params),

  sign({ method, path, query, form, timestamp, window, key, secret }) {
    const request = { method, path, query: encodeParameters(query), body: encodeParameters(form ?? {}) };
    const { canonical, signature } = sign(request, { timestamp, window, key, secret });
    return { query: request.query, body: request.body, canonical, signature };
  },

  async subscribe({ topic }) {
    const received = [];
    await opened().subscribe(topic, (event) => received.push(event));
    events.set(topic, received);
  },

  unsubscribe: ({ topic }) => opened().unsubscribe(topic),

  events: ({ topic }) => ({ events: events.get(topic)?.splice(0) ?? [] }),

  book({ symbol }) {
    const { synced, bids, asks } = opened().book(symbol);
    return { synced, bids, asks };
  },

  async close() {
    const before = client;
    client = undefined;
    await before?.close();
  },

  bye: () => STEPS.close(),
};

function opened() {
  if (!client) throw new Error("no client is open");
  return client;
}

async function outcome(step) {
  try {
    if (!Object.hasOwn(STEPS, step.do)) throw new Error(`there is no step ${step.do}`);
    return { ok: true, result: (await STEPS[step.do](step)) ?? null };
  } catch (error) {
    return { ok: false, error: described(error) };
  }
}

function described(error) {
  if (!(error instanceof ExchangeError)) return { kind: "internal", message: String(error) };
  const { kind, message, code, status, retryAfterMs } = error;
  return { kind, message, code, status, retryAfterMs };
}

async function answer(line) {
  const step = parseJson(line);
  const given = step.do === "call" ? { given: step.params } : {};
  const answered = { id: step.id, ...(await outcome(step)), ...given };
  process.stdout.write(`${stringify(answered)}\n`);
  if (step.do === "bye") process.exit(0);
}

for await (const line of createInterface({ input: process.stdin })) {
  answer(line).catch((error) => console.error(`a line that is no step: ${error.name}`));
}
await STEPS.close();
process.exit(0);
