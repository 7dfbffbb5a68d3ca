import { compare, normalized } from "./numbers.mjs";

/** The local book of a market: a snapshot, and the deltas that follow it. Prices and amounts stay as sent. */
export class Book {
  /** False while the book is known to be wrong: before a snapshot, after a gap, without a connection. */
  synced = false;
  #seq;
  #bids = new Map(); // by the price's value: [price, amount]
  #asks = new Map();

  get bids() {
    return [...this.#bids.values()].sort(([one], [other]) => compare(other, one));
  }

  get asks() {
    return [...this.#asks.values()].sort(([one], [other]) => compare(one, other));
  }

  /** Takes a message of the feed; false when something is missing before it and a snapshot is needed. */
  receive({ type, seq, prevSeq, data }) {
    if (type === "snapshot") this.#replace(seq, data);
    if (type !== "delta" || !this.synced || seq <= this.#seq) return true;
    this.synced = prevSeq === this.#seq;
    if (this.synced) this.#apply(seq, data);
    return this.synced;
  }

  interrupt() {
    this.synced = false;
  }

  #replace(seq, data) {
    this.#bids.clear();
    this.#asks.clear();
    this.#apply(seq, data);
    this.synced = true;
  }

  #apply(seq, data) {
    this.#seq = seq;
    for (const level of data?.bids ?? []) setLevel(this.#bids, level);
    for (const level of data?.asks ?? []) setLevel(this.#asks, level);
  }
}

function setLevel(side, [price, amount]) {
  const level = [String(price), String(amount)];
  const key = normalized(level[0]);
  if (normalized(level[1]) === "0") side.delete(key);
  else side.set(key, level);
}
