import WebSocket from "ws";
import { ConnectionFailed, Rejected, TimedOut } from "./errors.mjs";
import { parseJson } from "./numbers.mjs";
import { within } from "./within.mjs";

/**
 * One connection to the stream, from opening to its end: matches answers to requests, pings, and ends itself
 * when nothing comes any more. The frames of WebSocket's own ping are answered by the library.
 */
export class Connection {
  /** Settled once it is open, or could not be opened. */
  opened;
  /** Settled once it has ended, however that came. */
  ended;
  #socket;
  #timeoutMs;
  #receive;
  #waiting = new Map(); // a request's id: how to settle it
  #lastId = 0;

  constructor(url, { timeoutMs, pingMs, silenceMs }, receive) {
    const limits = { handshakeTimeout: timeoutMs, closeTimeout: timeoutMs };
    this.#socket = new WebSocket(url, { ...limits, perMessageDeflate: false });
    this.#timeoutMs = timeoutMs;
    this.#receive = receive;
    this.opened = new Promise((resolve, reject) => {
      this.#socket.on("open", resolve);
      this.#socket.on("error", (error) => reject(new ConnectionFailed(`no stream: ${error.message || error.code}`)));
    });
    this.ended = new Promise((resolve) => this.#socket.on("close", resolve));
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

  /** Ends it in an orderly way. */
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
    const ping = setInterval(() => this.#send({ op: "ping", id: this.#nextId() }, () => {}), pingMs);
    for (const sign of ["open", "message", "ping", "pong"]) this.#socket.on(sign, () => silence.refresh());
    this.#socket.on("message", (bytes) => this.#hear(String(bytes)));
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

  #send(message, done) {
    if (this.#socket.readyState !== WebSocket.CONNECTING) this.#socket.send(JSON.stringify(message), done);
  }

  #nextId() {
    return String(++this.#lastId);
  }
}

function readMessage(text) {
  try {
    return parseJson(text);
  } catch {
    return undefined; // not JSON: nothing that a topic could use
  }
}
