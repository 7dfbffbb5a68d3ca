package exchange;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The book of a market, kept from its snapshot and deltas. */
public final class OrderBook {
    /** A price and the amount there, with the digits that the exchange sent. */
    public record Level(String price, String amount) {}

    /** The book at one moment, the best levels first. While it is not synced it may be wrong. */
    public record View(boolean synced, List<Level> bids, List<Level> asks) {}

    private final Map<BigDecimal, Level> bids = new TreeMap<>(Comparator.reverseOrder());
    private final Map<BigDecimal, Level> asks = new TreeMap<>();
    private boolean synced;
    private long sequence;

    public synchronized View view() {
        return new View(synced, List.copyOf(bids.values()), List.copyOf(asks.values()));
    }

    /** The book counts as wrong until the next snapshot. */
    synchronized void lose() {
        synced = false;
    }

    /** Takes a message of the topic; false when something is missing between it and what came before. */
    synchronized boolean take(JsonObject message) {
        String type = message.get("type").getAsString();
        long next = message.get("seq").getAsLong();
        if (type.equals("snapshot")) {
            bids.clear();
            asks.clear();
        } else if (!type.equals("delta") || !synced || next <= sequence) {
            return true;
        } else if (message.get("prevSeq").getAsLong() != sequence) {
            synced = false;
            return false;
        }
        synced = false; // until all of it is there
        JsonObject changes = message.getAsJsonObject("data");
        change(bids, changes.getAsJsonArray("bids"));
        change(asks, changes.getAsJsonArray("asks"));
        sequence = next;
        synced = true;
        return true;
    }

    private static void change(Map<BigDecimal, Level> side, JsonArray changes) {
        for (JsonElement each : changes) {
            JsonArray pair = each.getAsJsonArray();
            Level level = new Level(pair.get(0).getAsString(), pair.get(1).getAsString());
            BigDecimal price = new BigDecimal(level.price());
            if (new BigDecimal(level.amount()).signum() == 0) {
                side.remove(price);
            } else {
                side.put(price, level);
            }
        }
    }
}
