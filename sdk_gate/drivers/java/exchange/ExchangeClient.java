package exchange;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;

/** The exchange: operations by REST, topics by {@link #stream}. Several threads may share one. */
public final class ExchangeClient implements AutoCloseable {
    /** Which way an order goes. */
    public enum Direction { BUY, SELL }

    /** What an account has of a coin. */
    public record Wallet(String coin, BigDecimal balance, BigDecimal frozenBalance) {}

    private final Config config;
    private final Transport transport;
    private final RateLimit rateLimit = new RateLimit();
    private final Credentials credentials;
    private final Stream stream;

    public ExchangeClient(Config config) {
        this.config = config;
        transport = new Transport(config.rest(), config.timing().timeoutMs());
        Credentials.Token token = config.login() == null ? null : new Credentials.Token(this::logIn);
        credentials = config.key() == null ? token : new Credentials.Signature(config.key(), config.recipe());
        stream = new Stream(config, token, transport::webSocket);
    }

    /** The topics; connects at first need. */
    public Stream stream() {
        return stream;
    }

    /** Places a limit order and returns its id. See {@link ApiException#mayHaveHappened} when it throws. */
    public String placeLimitOrder(String symbol, Direction direction, BigDecimal price, BigDecimal amount) {
        return call("placeSpotOrder", Map.of(
                "symbol", symbol, "direction", direction, "type", "LIMIT", "price", price, "amount", amount))
                .getAsString();
    }

    /** What the account has. */
    public List<Wallet> wallets() {
        return StreamSupport.stream(call("getSpotWallets", Map.of()).getAsJsonArray().spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .map(each -> new Wallet(
                        each.getAsJsonObject("coin").get("unit").getAsString(),
                        each.get("balance").getAsBigDecimal(),
                        each.get("frozenBalance").getAsBigDecimal()))
                .toList();
    }

    /**
     * Performs an operation of the document and returns its payload, whose numbers have all their digits.
     * Parameters are text, BigDecimal, integers, booleans; null leaves one out.
     */
    public JsonElement call(String operationId, Map<String, ?> parameters) {
        Operation operation = Operation.named(operationId);
        Request request = operation.with(parameters);
        Attempts attempts = new Attempts(operation.isRead(), config.timing().retryMs(), rateLimit);
        while (true) {
            Map<String, String> headers = headers(operation, request);
            try {
                return Answer.payload(transport.send(request, headers));
            } catch (ApiException failure) {
                if (operation.isPublic() || !attempts.hasRenewed(credentials, headers, failure)) {
                    attempts.waitAfter(failure);
                }
            }
        }
    }

    @Override
    public void close() {
        stream.close();
    }

    private Map<String, String> headers(Operation operation, Request request) {
        if (!operation.isPublic() && credentials == null) {
            throw new ApiException(ApiException.Kind.INVALID, operation.id() + " needs a login or a key");
        }
        Map<String, String> headers;
        do {
            headers = operation.isPublic() ? Map.of() : credentials.headers(request);
        } while (rateLimit.waited()); // after a wait the time stamp is old, so they are made again
        return headers;
    }

    private String logIn() {
        Config.Login login = config.login();
        Map<String, String> form = Map.of(login.parameter(), login.name(), "password", login.password());
        if (call("login", form) instanceof JsonObject data && data.has("Authorization")) {
            return data.get("Authorization").getAsString();
        }
        throw new ApiException(ApiException.Kind.UNREADABLE, "the answer to the login has no token");
    }
}
