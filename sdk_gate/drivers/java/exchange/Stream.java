package exchange;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import exchange.ApiException.Kind;
import java.net.URI;
import java.net.http.WebSocket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** The topics that are wanted, over one connection that is opened again, with all of them, whenever it ends. */
public final class Stream implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("exchange");
    private static final int LONGEST_PAUSE_IN_RETRIES = 20;
    private final URI address;
    private final Config.Timing timing;
    private final Credentials.Token token;
    private final Supplier<WebSocket.Builder> sockets;
    private volatile boolean isClosed;
    // Guarded by this:
    private final Map<String, Subscription> wanted = new LinkedHashMap<>();
    private Thread keeper;
    private Connection live;
    private CompletableFuture<JsonObject> authenticated;

    Stream(Config config, Credentials.Token token, Supplier<WebSocket.Builder> sockets) {
        this.address = config.stream();
        this.timing = config.timing();
        this.token = token;
        this.sockets = sockets;
    }

    /**
     * Subscribes, and returns when the exchange has acknowledged it. The listener, which must not block, gets each
     * trade once, and of other topics the data of each message; for a book see {@link #book}.
     */
    public void subscribe(String topic, Consumer<JsonElement> listener) {
        Subscription subscription = new Subscription(topic, listener);
        if (subscription.isPrivate() && token == null) {
            throw new ApiException(Kind.INVALID, "the topic " + topic + " needs a login");
        }
        add(subscription);
        try {
            Waiting.on(subscription.acknowledged, timing.timeoutMs());
        } catch (ApiException failure) {
            synchronized (this) {
                wanted.remove(topic, subscription);
            }
            throw failure;
        }
    }

    /** Ends a subscription, and returns when the exchange has acknowledged it. */
    public void unsubscribe(String topic) {
        CompletableFuture<JsonObject> answer = null;
        synchronized (this) {
            if (wanted.remove(topic) != null && live != null) {
                answer = live.request("unsubscribe", topic);
            }
        }
        try {
            if (answer != null) {
                Waiting.on(answer, timing.timeoutMs());
            }
        } catch (ApiException failure) {
            if (failure.kind() != Kind.TRANSPORT) { // with the connection the subscription ended too
                throw failure;
            }
        }
    }

    /** The book of a market whose topic {@code depth.<symbol>} is subscribed. */
    public synchronized OrderBook book(String symbol) {
        Subscription subscription = wanted.get("depth." + symbol);
        if (subscription == null) {
            throw new ApiException(Kind.INVALID, "depth." + symbol + " is not subscribed");
        }
        return subscription.book;
    }

    @Override
    public synchronized void close() {
        isClosed = true;
        wanted.clear();
        if (live != null) {
            live.close();
        } else if (keeper != null) {
            keeper.interrupt();
        }
    }

    private synchronized void add(Subscription subscription) {
        wanted.put(subscription.topic, subscription);
        if (authenticated != null && authenticated.isCompletedExceptionally()) {
            authenticated = null; // a new wish is a new try
        }
        if (live != null) {
            request(live, subscription);
        } else if (keeper == null) {
            keeper = new Thread(this::keep, "exchange-stream");
            keeper.setDaemon(true);
            keeper.start();
        }
    }

    private void keep() {
        long pauseMs = timing.retryMs();
        try {
            while (!isClosed) {
                pauseMs = connectOnce() ? timing.retryMs() : pauseMs;
                Waiting.pause(pauseMs);
                pauseMs = Math.min(pauseMs * 2, timing.retryMs() * LONGEST_PAUSE_IN_RETRIES);
            }
        } catch (ApiException interrupted) {
            LOG.log(System.Logger.Level.DEBUG, "the stream is closed");
        }
    }

    /** One connection from its beginning to its end; true when all topics were restored on it. */
    private boolean connectOnce() {
        Connection connection = new Connection(sockets.get(), address, timing.timeoutMs(), this::take);
        boolean isRestored = false;
        try {
            connection.awaitOpen();
            restore(connection);
            isRestored = !connection.hasEnded();
            watch(connection);
        } catch (ApiException failure) {
            LOG.log(System.Logger.Level.DEBUG, () -> "stream: " + failure.getMessage());
        } finally {
            connection.abort();
            lose();
        }
        return isRestored;
    }

    private void restore(Connection connection) {
        if (isAnyPrivate()) {
            // At most two logins and two tries. If they fail, the private topics are told and the public ones go on.
            Waiting.on(authenticate(connection).handle((done, failure) -> done), 4 * timing.timeoutMs());
        }
        List<CompletableFuture<Void>> requests;
        synchronized (this) {
            live = connection;
            requests = wanted.values().stream().map(each -> request(connection, each)).toList();
        }
        requests.forEach(each -> Waiting.on(each, timing.timeoutMs()));
    }

    /** Pings until the connection ends or has been silent for too long. */
    private void watch(Connection connection) {
        long untilPingMs = timing.pingMs();
        while (connection.silentMs() < timing.silenceMs()) {
            long waitMs = Math.max(1, Math.min(untilPingMs, timing.silenceMs() - connection.silentMs()));
            if (connection.endsWithin(waitMs)) {
                return;
            }
            untilPingMs -= waitMs;
            if (untilPingMs <= 0) {
                connection.ping();
                untilPingMs = timing.pingMs();
            }
        }
    }

    private synchronized void lose() {
        live = null;
        authenticated = null;
        wanted.values().forEach(each -> each.book.lose());
    }

    private synchronized boolean isAnyPrivate() {
        return wanted.values().stream().anyMatch(Subscription::isPrivate);
    }

    /** Authenticates, once a connection. */
    private synchronized CompletableFuture<JsonObject> authenticate(Connection connection) {
        if (authenticated == null) {
            authenticated = token.authenticate(connection);
        }
        return authenticated;
    }

    /** Asks for a topic if it is still wanted. What comes of it is settled before the answer completes. */
    private synchronized CompletableFuture<Void> request(Connection connection, Subscription subscription) {
        if (wanted.get(subscription.topic) != subscription) {
            return CompletableFuture.completedFuture(null);
        }
        CompletableFuture<JsonObject> ready = subscription.isPrivate()
                ? authenticate(connection) : CompletableFuture.completedFuture(null);
        return ready.thenCompose(done -> connection.request("subscribe", subscription.topic))
                .handle((done, failure) -> settle(connection, subscription, failure));
    }

    private Void settle(Connection connection, Subscription subscription, Throwable failure) {
        if (failure == null) {
            subscription.acknowledged.complete(null);
        } else if (subscription.acknowledged.isDone()) {
            connection.abort(); // it was granted once: over another connection it may be again
        } else if (!connection.hasEnded()) {
            subscription.acknowledged.completeExceptionally(ApiException.of(failure));
        } // else the next connection asks for it
        return null;
    }

    private void take(JsonObject message) {
        Subscription subscription;
        Connection connection;
        synchronized (this) {
            subscription = wanted.get(message.get("topic").getAsString());
            connection = live;
        }
        if (subscription != null && !subscription.take(message) && connection != null) {
            // Taking the topic up anew brings its snapshot.
            connection.request("unsubscribe", subscription.topic)
                    .thenCompose(done -> request(connection, subscription))
                    .whenComplete((done, failure) -> abortAfter(failure, connection));
        }
    }

    private static void abortAfter(Throwable failure, Connection connection) {
        if (failure != null) {
            connection.abort();
        }
    }
}
