import com.google.gson.*;
import exchange.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;
import java.util.logging.*;

/** Drives the client by the protocol of docs/sdk-driver.md: a JSON object a line in, a JSON object a line out. */
public final class Driver {
    private static final Logger LOG = Logger.getLogger("exchange"); // kept here, or its level would be lost
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();
    private static final Set<String> OVERLAPPING = Set.of("call", "subscribe", "unsubscribe");

    private final PrintStream out =
            new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    private final ExecutorService overlapping = Executors.newCachedThreadPool();
    private final Map<String, Queue<JsonElement>> events = new ConcurrentHashMap<>();
    private volatile ExchangeClient client;

    public static void main(String[] words) throws IOException {
        if ("debug".equals(System.getenv("SDK_GATE_LOG"))) {
            Handler stderr = new ConsoleHandler();
            stderr.setLevel(Level.FINE);
            LOG.setLevel(Level.FINE);
            LOG.setUseParentHandlers(false);
            LOG.addHandler(stderr);
        }
        new Driver().run(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
        System.exit(0); // whatever may still be under way
    }

    private void run(BufferedReader steps) throws IOException {
        for (String line = steps.readLine(); line != null; line = steps.readLine()) {
            JsonObject step = JsonParser.parseString(line).getAsJsonObject();
            String verb = Values.text(step, "do");
            Executor executor = OVERLAPPING.contains(verb) ? overlapping : Runnable::run;
            executor.execute(() -> answer(step));
            if (verb.equals("bye")) {
                return;
            }
        }
    }

    private void answer(JsonObject step) {
        JsonObject answer = new JsonObject();
        answer.add("id", step.get("id"));
        try {
            answer.add("result", perform(step, answer));
        } catch (ApiException failure) {
            answer.add("error", error(failure.kind().name(), failure.getMessage(), failure.details()));
        } catch (RuntimeException failure) {
            answer.add("error", error("INTERNAL", failure.toString(), ApiException.Details.NONE));
        }
        answer.addProperty("ok", !answer.has("error"));
        out.println(GSON.toJson(answer));
    }

    private static JsonObject error(String kind, String message, ApiException.Details details) {
        JsonObject error = new JsonObject();
        error.addProperty("kind", kind.toLowerCase(Locale.ROOT));
        error.addProperty("message", message);
        error.addProperty("code", details.code());
        error.addProperty("status", details.status());
        error.addProperty("retryAfterMs", details.retryAfterMs());
        return error;
    }

    private JsonElement perform(JsonObject step, JsonObject answer) {
        return switch (Values.text(step, "do")) {
            case "hello" -> GSON.toJsonTree(Map.of(
                    "protocol", "1.0", "sdk", Map.of("name", "exchange-client", "version", "1.0", "language", "Java"),
                    "features", List.of("token", "key", "concurrency", "sign", "streams", "private", "book")));
            case "open" -> done(() -> open(Values.config(step.getAsJsonObject("config"))));
            case "call" -> call(step, answer);
            case "sign" -> sign(step);
            case "subscribe" -> subscribe(Values.text(step, "topic"));
            case "unsubscribe" -> done(() -> client.stream().unsubscribe(Values.text(step, "topic")));
            case "events" -> events(Values.text(step, "topic"));
            case "book" -> book(client.stream().book(Values.text(step, "symbol")).view());
            case "close", "bye" -> done(this::close);
            default -> throw new IllegalArgumentException("no step is called " + Values.text(step, "do"));
        };
    }

    private void open(Config config) {
        close();
        client = new ExchangeClient(config);
    }

    private JsonElement call(JsonObject step, JsonObject answer) {
        Map<String, Object> parameters = Values.parameters(step.get("params"));
        try {
            return Values.plain(client.call(Values.text(step, "operation"), parameters));
        } finally {
            answer.add("given", GSON.toJsonTree(parameters));
        }
    }

    private JsonElement sign(JsonObject step) {
        Request request = new Request(Values.text(step, "method"), Values.text(step, "path"),
                Parameters.encode(Values.parameters(step.get("query"))),
                Parameters.encode(Values.parameters(step.get("form"))));
        String canonical = Recipe.DOCUMENTED.canonical(
                request, Values.text(step, "key"), Values.text(step, "timestamp"), Values.text(step, "window"));
        return GSON.toJsonTree(Map.of("query", request.query(), "body", request.body(), "canonical", canonical,
                "signature", Recipe.DOCUMENTED.signature(Values.text(step, "secret"), canonical)));
    }

    private JsonElement subscribe(String topic) {
        Queue<JsonElement> queue = new ConcurrentLinkedQueue<>();
        events.put(topic, queue);
        return done(() -> client.stream().subscribe(topic, queue::add));
    }

    private JsonElement events(String topic) {
        JsonArray taken = new JsonArray();
        Queue<JsonElement> queue = events.getOrDefault(topic, new ConcurrentLinkedQueue<>());
        for (JsonElement event = queue.poll(); event != null; event = queue.poll()) {
            taken.add(Values.plain(event));
        }
        return GSON.toJsonTree(Map.of("events", taken));
    }

    private static JsonElement book(OrderBook.View book) {
        return GSON.toJsonTree(Map.of(
                "synced", book.synced(), "bids", levels(book.bids()), "asks", levels(book.asks())));
    }

    private static List<List<String>> levels(List<OrderBook.Level> side) {
        return side.stream().map(each -> List.of(each.price(), each.amount())).toList();
    }

    private void close() {
        if (client != null) {
            client.close();
        }
        client = null;
        events.clear();
    }

    private static JsonElement done(Runnable action) {
        action.run();
        return JsonNull.INSTANCE;
    }
}
