package exchange;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import exchange.ApiException.Kind;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** One WebSocket: acknowledgements find their requests by id. Java answers the pings of WebSocket by itself. */
final class Connection implements WebSocket.Listener {
    private static final System.Logger LOG = System.getLogger("exchange");
    private final long timeoutMs;
    private final Consumer<JsonObject> events;
    private final Map<String, CompletableFuture<JsonObject>> awaited = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicLong ids = new AtomicLong();
    private final StringBuilder text = new StringBuilder();
    private final CompletableFuture<WebSocket> socket;
    private CompletableFuture<WebSocket> sent; // guarded by this: a WebSocket sends one message at a time
    private volatile long heardAtNanos = System.nanoTime();

    /** Connects; the events are told one after the other. */
    Connection(WebSocket.Builder builder, URI address, long timeoutMs, Consumer<JsonObject> events) {
        this.timeoutMs = timeoutMs;
        this.events = events;
        socket = builder.buildAsync(address, this);
        sent = socket;
        ended.thenRun(this::breakOff);
    }

    void awaitOpen() {
        Waiting.on(socket, timeoutMs);
        heardAtNanos = System.nanoTime();
    }

    /** Sends a request; its acknowledgement, or the refusal as an {@link ApiException}. */
    CompletableFuture<JsonObject> request(String operation, String argument) {
        CompletableFuture<JsonObject> answer = new CompletableFuture<>();
        String id = String.valueOf(ids.incrementAndGet());
        JsonArray arguments = new JsonArray();
        arguments.add(argument);
        JsonObject frame = frame(operation, id);
        frame.add("args", arguments);
        awaited.put(id, answer);
        send(frame);
        if (ended.isDone()) {
            breakOff();
        }
        return answer.orTimeout(timeoutMs, TimeUnit.MILLISECONDS).whenComplete((done, failure) -> awaited.remove(id));
    }

    void ping() {
        send(frame("ping", String.valueOf(ids.incrementAndGet())));
    }

    /** How long nothing at all has come. */
    long silentMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - heardAtNanos);
    }

    /** True when the connection ends within so long. */
    boolean endsWithin(long waitMs) {
        try {
            Waiting.on(ended, waitMs);
            return true;
        } catch (ApiException notYet) {
            if (notYet.kind() != Kind.TIMEOUT) {
                throw notYet;
            }
            return false;
        }
    }

    boolean hasEnded() {
        return ended.isDone();
    }

    /** Says goodbye, as far as that still works. */
    synchronized void close() {
        sent.thenCompose(open -> open.sendClose(WebSocket.NORMAL_CLOSURE, "")).whenComplete((open, failure) -> abort());
    }

    /** Lets go of the connection at once. */
    void abort() {
        socket.thenAccept(WebSocket::abort);
        ended.complete(null);
    }

    @Override
    public CompletionStage<?> onText(WebSocket webSocket, CharSequence part, boolean isLast) {
        heardAtNanos = System.nanoTime();
        text.append(part);
        if (isLast) {
            String message = text.toString();
            text.setLength(0);
            receive(message);
        }
        webSocket.request(1);
        return null;
    }

    @Override
    public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer bytes) {
        heardAtNanos = System.nanoTime();
        return WebSocket.Listener.super.onPing(webSocket, bytes);
    }

    @Override
    public CompletionStage<?> onClose(WebSocket webSocket, int status, String reason) {
        ended.complete(null);
        return null;
    }

    @Override
    public void onError(WebSocket webSocket, Throwable failure) {
        ended.complete(null);
    }

    private void breakOff() {
        awaited.values().forEach(
                each -> each.completeExceptionally(new ApiException(Kind.TRANSPORT, "the stream broke")));
    }

    private void receive(String message) {
        if (ended.isDone()) {
            return; // what a connection says that was given up is out of date
        }
        try {
            JsonObject frame = Json.parse(message).orElseThrow().getAsJsonObject();
            if (frame.has("topic")) {
                events.accept(frame);
            } else if (frame.get("id") instanceof JsonPrimitive id) {
                acknowledge(awaited.get(id.getAsString()), frame);
            }
        } catch (RuntimeException unexpected) {
            // One odd message, or a listener that throws, is no reason to lose the others.
            LOG.log(System.Logger.Level.WARNING, "a message was dropped: {0}", unexpected.getClass().getSimpleName());
        }
    }

    private static void acknowledge(CompletableFuture<JsonObject> answer, JsonObject frame) {
        if (answer == null) {
            return; // a pong
        }
        if (frame.get("success").getAsBoolean()) {
            answer.complete(frame);
        } else {
            ApiException.Details details = new ApiException.Details(frame.get("code").getAsLong(), null, null, null);
            answer.completeExceptionally(new ApiException(Kind.REJECTED, frame.get("message").getAsString(), details));
        }
    }

    private static JsonObject frame(String operation, String id) {
        JsonObject frame = new JsonObject();
        frame.addProperty("op", operation);
        frame.addProperty("id", id);
        return frame;
    }

    private synchronized void send(JsonObject frame) {
        LOG.log(System.Logger.Level.DEBUG, () -> "stream " + frame.get("op").getAsString());
        sent = sent.thenCompose(open -> open.sendText(frame.toString(), true));
        sent.exceptionally(failure -> {
            ended.complete(null);
            return null;
        });
    }
}
