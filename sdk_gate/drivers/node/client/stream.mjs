import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "./connection.mjs";
import { ConnectionFailed, InvalidArgument, Rejected } from "./errors.mjs";
import { feedOf } from "./feeds.mjs";
import { within } from "./within.mjs";

const LONGEST_PAUSE = 20; // times the first one

const isPrivate = (topic) => ["orders", "account"].includes(topic);

/** The exchange's topics, over one connection that is opened at first need, and again whenever it ends. */
export class Stream {
  #url;
  #timing;
  #session;
  #log;
  #feeds = new Map(); // by topic: what the user wants, whatever becomes of connections
  #ready; // a promise of a connection on which everything wanted is subscribed
  #connection; // the one that is open now
  #isAuthenticated = false; // on that one
  #closing = new AbortController();

  constructor(url, timing, session, log) {
    this.#url = url;
    this.#timing = timing;
    this.#session = session;
    this.#log = (text) => log(`stream: ${text}`);
  }

  /** Subscribes a topic. Its events go to the listener, those of `depth` into a book. */
  async subscribe(topic, listener) {
    if (isPrivate(topic) && !this.#session) throw new InvalidArgument(`${topic} needs a login`);
    const connection = await this.#connected();
    if (this.#feeds.has(topic)) throw new InvalidArgument(`${topic} is subscribed already`);
    this.#feeds.set(topic, feedOf(topic, listener));
    try {
      await this.#enter(connection, topic);
    } catch (error) {
      this.#feeds.delete(topic);
      throw error;
    }
  }

  /** Ends a topic, for later connections as well. */
  async unsubscribe(topic) {
    this.#feeds.delete(topic);
    await this.#connection?.request("unsubscribe", [topic]);
  }

  /** The book of a market whose topic `depth` is subscribed. */
  book(symbol) {
    const book = this.#feeds.get(`depth.${symbol}`);
    if (!book) throw new InvalidArgument(`depth.${symbol} is not subscribed`);
    return book;
  }

  async close() {
    this.#closing.abort();
    await this.#connection?.close();
  }

  #connected() {
    this.#ready ??= this.#connect(0);
    const { timeoutMs } = this.#timing;
    return within(timeoutMs, this.#ready, () => new ConnectionFailed(`no stream within ${timeoutMs} ms`));
  }

  async #connect(firstPauseMs) {
    const { retryMs } = this.#timing;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs || retryMs, LONGEST_PAUSE * retryMs)) {
      await sleep(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      this.#refuseIfClosed();
      const connection = new Connection(this.#url, this.#timing, (message) => this.#receive(connection, message));
      try {
        await this.#restore(connection);
        connection.ended.then(() => this.#connectAgain());
        return connection;
      } catch (error) {
        this.#log(error.message);
        connection.drop();
        await connection.ended;
      }
    }
  }

  #connectAgain() {
    this.#log("the connection ended");
    this.#ready = this.#connect(this.#timing.retryMs);
    this.#ready.catch(() => {}); // closed, and who waits for it is told
  }

  #refuseIfClosed() {
    if (this.#closing.signal.aborted) throw new InvalidArgument("the client is closed");
  }

  async #restore(connection) {
    connection.ended.then(() => this.#interrupt());
    await connection.opened;
    this.#refuseIfClosed();
    this.#connection = connection;
    if ([...this.#feeds.keys()].some(isPrivate)) await this.#authenticate(connection);
    await Promise.all([...this.#feeds.keys()].map((topic) => this.#enterAgain(connection, topic)));
  }

  #interrupt() {
    this.#connection = undefined;
    this.#isAuthenticated = false;
    for (const feed of this.#feeds.values()) feed.interrupt();
  }

  async #enter(connection, topic) {
    if (isPrivate(topic) && !this.#isAuthenticated) await this.#authenticate(connection);
    await connection.request("subscribe", [topic]);
  }

  async #enterAgain(connection, topic) {
    try {
      await this.#enter(connection, topic);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      this.#feeds.delete(topic); // a topic that is gone must not cost the others
      this.#log(`${topic} has ended: ${error.message}`);
    }
  }

  async #authenticate(connection) {
    const token = this.#session.token();
    const text = await token;
    try {
      await connection.request("auth", [text]);
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      this.#session.refused(token);
      await connection.request("auth", [await this.#session.token()]);
    }
    this.#isAuthenticated = true;
  }

  #receive(connection, message) {
    const feed = this.#feeds.get(message?.topic);
    if (feed && !feed.receive(message)) this.#fetchSnapshot(connection, message.topic);
  }

  async #fetchSnapshot(connection, topic) {
    try {
      await connection.request("unsubscribe", [topic]);
      if (this.#feeds.has(topic)) await connection.request("subscribe", [topic]);
    } catch (error) {
      this.#log(error.message);
      connection.drop(); // the next one begins with a snapshot
    }
  }
}
