package exchange;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** A topic that is wanted, over however many connections. */
final class Subscription {
    private static final Set<String> PRIVATE = Set.of("orders", "account");
    private static final int TRADES_REMEMBERED = 10_000;

    final String topic;
    final OrderBook book = new OrderBook();
    /** Done once the exchange has acknowledged it for the first time. */
    final CompletableFuture<Void> acknowledged = new CompletableFuture<>();
    private final Consumer<JsonElement> listener;
    private final Map<String, Boolean> tradesSeen = new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > TRADES_REMEMBERED;
        }
    };

    Subscription(String topic, Consumer<JsonElement> listener) {
        this.topic = topic;
        this.listener = listener;
    }

    boolean isPrivate() {
        return PRIVATE.contains(topic);
    }

    /** Hands a message on; false when it shows that messages before it are missing. */
    boolean take(JsonObject message) {
        if (topic.startsWith("depth.")) {
            return book.take(message);
        }
        if (topic.startsWith("trades.")) {
            message.getAsJsonArray("data").forEach(this::takeTrade);
        } else {
            listener.accept(message.get("data"));
        }
        return true;
    }

    // The snapshot of a new connection repeats trades.
    private void takeTrade(JsonElement trade) {
        String id = trade.getAsJsonObject().get("id").getAsString();
        if (tradesSeen.put(id, true) == null) {
            listener.accept(trade);
        }
    }
}
