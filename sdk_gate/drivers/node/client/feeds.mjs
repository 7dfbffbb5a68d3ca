import { Book } from "./book.mjs";

const MOST_REMEMBERED = 10_000;

/** What becomes of a topic's messages. A feed outlives connections: `interrupt` tells it that one broke. */
export function feedOf(topic, listener) {
  if (topic.startsWith("depth.")) return new Book();
  return topic.startsWith("trades.") ? new Trades(listener) : new Updates(listener);
}

/** Gives the data of each message to a listener. */
class Updates {
  constructor(listener) {
    this.listener = listener;
  }

  receive({ type, data }) {
    if (["snapshot", "update"].includes(type)) this.give(data);
    return true;
  }

  give(data) {
    this.listener(data);
  }

  interrupt() {}
}

/** Gives each trade to a listener once: the snapshot of a new connection repeats some. */
class Trades extends Updates {
  #seen = new Set();

  give(trades) {
    for (const trade of trades ?? []) {
      if (this.#seen.has(trade.id)) continue;
      this.#seen.add(trade.id);
      if (this.#seen.size > MOST_REMEMBERED) this.#seen.delete(this.#seen.values().next().value); // the oldest
      this.listener(trade);
    }
  }
}
