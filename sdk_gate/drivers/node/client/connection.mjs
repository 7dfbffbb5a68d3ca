import WebSocket from "ws";
import { ConnectionFailed, Rejected, TimedOut } from "./errors.mjs";
import { parseJson } from "./numbers.mjs";
import { within } from "./within.mjs";

/**
 * One connection to the stream, from its opening to its end: matches answers to requests, pings, and ends by itself
 * when nothing comes any more. The library answers the pings of the WebSocket protocol.
 */
export class Connection {
  #socket;
  #timeoutMs;
  #receive;
  #waiting = new Map(); // by a request's id: how to settle it
  #lastId = 0;

  constructor(url, { timeoutMs, pingMs, silenceMs }, receive) {
    const limits = { handshakeTimeout: timeoutMs, closeTimeout: timeoutMs };
    this.#socket = new WebSocket(url, { ...limits, perMessageDeflate: false });
    this.#timeoutMs = timeoutMs;
    this.#receive = receive;
    /** Settled once it is open, or cannot be opened. */
    this.opened = new Promise((resolve, reject) => {
      const failed = (error) => reject(new ConnectionFailed(`no stream: ${error.message || error.code}`));
      this.#socket.on("open", resolve).on("error", failed);
    });
    /** Settled once it has ended, however that came. */
    this.ended = new Promise((resolve) => this.#socket.on("close", resolve));
    this.#socket.on("message", (bytes) => this.#hear(String(bytes)));
    this.#watch(pingMs, silenceMs);
  }

  /** Sends a request and waits for its acknowledgement. */
  request(op, args) {
    const id = this.#nextId();
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ op, args, id }, (error) => error && reject(new ConnectionFailed("the stream is closed")));
    });
    const late = () => new TimedOut(`no acknowledgement of ${op} within ${this.#timeoutMs} ms`);
    return within(this.#timeoutMs, answer, late).finally(() => this.#waiting.delete(id));
  }

  /** Ends it in good order. */
  close() {
    this.#socket.close();
    return this.ended;
  }

  /** Ends it at once. */
  drop() {
    this.#socket.terminate();
  }

  #watch(pingMs, silenceMs) {
    const silence = setTimeout(() => this.drop(), silenceMs);
    for (const sign of ["open", "message", "ping", "pong"]) this.#socket.on(sign, () => silence.refresh());
    let ping;
    this.#socket.on("open", () => {
      ping = setInterval(() => this.#send({ op: "ping", id: this.#nextId() }), pingMs);
    });
    this.#socket.on("close", () => {
      clearTimeout(silence);
      clearInterval(ping);
      for (const { reject } of this.#waiting.values()) reject(new ConnectionFailed("the stream broke"));
    });
  }

  #hear(text) {
    const message = readMessage(text);
    const request = this.#waiting.get(message?.id);
    if (!request) this.#receive(message);
    else if (message.success) request.resolve();
    else request.reject(new Rejected(String(message.message), { code: message.code }));
  }

  #send(message, done = () => {}) {
    this.#socket.send(JSON.stringify(message), done);
  }

  #nextId() {
    return String(++this.#lastId);
  }
}

function readMessage(text) {
  try {
    return parseJson(text);
  } catch {
    return undefined; // no JSON, nothing for any topic
  }
}
