import http from "node:http";
import https from "node:https";
import { ConnectionFailed, CutShort, InvalidArgument, TimedOut } from "./errors.mjs";

const FORM = "application/x-www-form-urlencoded";

/**
 * Sends a request once: nothing is repeated, no redirect is followed. Reads share kept-alive connections; a write
 * has a fresh one, since a kept one that breaks in that moment would leave it open whether the write arrived.
 */
export class Http {
  #base;
  #timeoutMs;
  #log;
  #library;
  #keptAlive;
  #isClosed = false;

  constructor(base, timeoutMs, log) {
    this.#base = new URL(base);
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    this.#library = this.#base.protocol === "https:" ? https : http;
    this.#keptAlive = new this.#library.Agent({ keepAlive: true });
  }

  /** The answer, whatever its status: `status`, `headers` and `text`. */
  async send(request, headers) {
    if (this.#isClosed) throw new InvalidArgument("the client is closed");
    const signal = AbortSignal.timeout(this.#timeoutMs); // from connecting to the last byte
    try {
      const response = await this.#begin(request, headers, signal);
      this.#log(`${request.method} ${request.path} ${response.statusCode}`);
      return { status: response.statusCode, headers: response.headers, text: await readText(response) };
    } catch (error) {
      const failure = signal.aborted ? new TimedOut(`no answer within ${this.#timeoutMs} ms`) : error;
      this.#log(`${request.method} ${request.path} ${failure.message}`);
      throw failure;
    }
  }

  close() {
    this.#isClosed = true;
    this.#keptAlive.destroy();
  }

  #begin({ method, path, query, body }, headers, signal) {
    const form = method === "POST" && { "Content-Type": FORM, "Content-Length": Buffer.byteLength(body) };
    const options = {
      method,
      path: query ? `${path}?${query}` : path,
      headers: { Accept: "application/json", ...form, ...headers },
      agent: method === "GET" ? this.#keptAlive : false,
      signal,
    };
    return new Promise((resolve, reject) => {
      const failed = (error) => reject(new ConnectionFailed(`the connection failed: ${error.message || error.code}`));
      this.#library.request(this.#base, options).on("response", resolve).on("error", failed).end(body);
    });
  }
}

async function readText(response) {
  const chunks = [];
  try {
    for await (const chunk of response) chunks.push(chunk);
  } catch {
    throw new CutShort("the answer broke off", { status: response.statusCode });
  }
  return Buffer.concat(chunks).toString();
}
