import { Book } from "./book.mjs";

const MOST_REMEMBERED = 10_000;
const TYPES = ["snapshot", "update"];

/** What becomes of a topic's messages. It outlives connections, and `interrupt` tells it that one broke. */
export function feedOf(topic, listener) {
  if (topic.startsWith("depth.")) return new Book();
  return topic.startsWith("trades.") ? new Trades(listener) : new Updates(listener);
}

/** Gives the data of each message to a listener. */
class Updates {
  #listener;

  constructor(listener) {
    this.#listener = listener;
  }

  receive({ type, data }) {
    if (TYPES.includes(type)) this.#listener(data);
    return true;
  }

  interrupt() {}
}

/** Gives each trade to a listener once, although the snapshot of a new connection repeats some. */
class Trades {
  #listener;
  #seen = new Set();

  constructor(listener) {
    this.#listener = listener;
  }

  receive({ type, data }) {
    if (!TYPES.includes(type)) return true;
    for (const trade of data ?? []) {
      if (!this.#seen.has(trade.id)) this.#give(trade);
    }
    return true;
  }

  interrupt() {}

  #give(trade) {
    this.#seen.add(trade.id);
    if (this.#seen.size > MOST_REMEMBERED) this.#seen.delete(this.#seen.values().next().value); // the oldest
    this.#listener(trade);
  }
}
