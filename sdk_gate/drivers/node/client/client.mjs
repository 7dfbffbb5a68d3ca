import { Key, NOBODY, Session } from "./credentials.mjs";
import { Unreadable } from "./errors.mjs";
import { Rest } from "./rest.mjs";
import { Stream } from "./stream.mjs";

/**
 * The exchange, for one account: its operations, and its stream.
 *
 *     const order = { symbol: "BTC/USDT", direction: "BUY", price: "74000", amount: "0.001" };
 *     const orderId = await client.placeSpotOrder(order);
 *     await client.subscribe("trades.BTC/USDT", (trade) => console.log(trade.price));
 */
export class Client {
  #rest;
  #credentials;
  #stream;

  /**
   * @param config `rest` and `stream` (addresses), `timing`, and either `login` or `key`, or neither
   * @param log gets lines about what happens; they never hold secrets
   */
  constructor({ rest, stream, login, key, signing, timing }, log = () => {}) {
    this.#rest = new Rest(rest, timing, log);
    const session = login && new Session(() => this.#login(login));
    this.#credentials = session ?? (key ? new Key(key, signing) : NOBODY);
    this.#stream = new Stream(stream, timing, session, log);
  }

  /** Calls any operation by its name in the exchange's document. */
  call(operation, parameters = {}) {
    return this.#rest.call(operation, parameters, this.#credentials);
  }

  /** Places an order, with `price` and `amount` as text, and returns its id. LIMIT unless its `type` is MARKET. */
  placeSpotOrder(order) {
    return this.call("placeSpotOrder", { type: "LIMIT", ...order });
  }

  cancelSpotOrder(orderId) {
    return this.call("cancelSpotOrder", { orderId });
  }

  getSpotWallets() {
    return this.call("getSpotWallets");
  }

  /** Gives a topic's events to a listener: each trade of `trades.…`, else the data of each message. */
  subscribe(topic, listener) {
    return this.#stream.subscribe(topic, listener);
  }

  unsubscribe(topic) {
    return this.#stream.unsubscribe(topic);
  }

  /** The local book of a market whose topic `depth.…` is subscribed: `synced`, `bids` and `asks`. */
  book(symbol) {
    return this.#stream.book(symbol);
  }

  async close() {
    this.#rest.close();
    await this.#stream.close();
  }

  async #login({ parameter, name, password }) {
    const answer = await this.call("login", { [parameter]: name, password });
    if (!answer?.Authorization) throw new Unreadable("the answer to the login has no token");
    return answer.Authorization;
  }
}
