package exchange;

import com.google.gson.JsonObject;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** What shows the exchange who asks. */
interface Credentials {
    /** The headers that a request has to carry, made for this attempt. */
    Map<String, String> headers(Request request);

    /** Learns from a refusal of what was sent; true when another attempt may fare better. */
    boolean renew(Map<String, String> sent, ApiException refusal);

    /** The token of a login, fetched when it is first needed and shared by all calls. */
    final class Token implements Credentials {
        private static final String HEADER = "Authorization";
        private final Supplier<String> login;
        private String token;

        Token(Supplier<String> login) {
            this.login = login;
        }

        synchronized String current() {
            if (token == null) {
                token = login.get();
            }
            return token;
        }

        /** A token other than the refused one; of several calls that were refused at once, one logs in. */
        synchronized String insteadOf(String refused) {
            if (refused.equals(token)) {
                token = null;
            }
            return current();
        }

        /** Authenticates a stream, with one more login if the token is refused. */
        CompletableFuture<JsonObject> authenticate(Connection connection) {
            return CompletableFuture.supplyAsync(this::current).thenCompose(first -> connection.request("auth", first)
                    .exceptionallyComposeAsync(failure -> ApiException.of(failure).kind() == ApiException.Kind.REJECTED
                            ? connection.request("auth", insteadOf(first)) : CompletableFuture.failedFuture(failure)));
        }

        @Override
        public Map<String, String> headers(Request request) {
            return Map.of(HEADER, current());
        }

        @Override
        public boolean renew(Map<String, String> sent, ApiException refusal) {
            boolean isEnded = refusal.hasStatus(401, 401) || refusal.hasCode(Answer.NOT_AUTHENTICATED);
            if (isEnded) {
                insteadOf(sent.get(HEADER));
            }
            return isEnded;
        }
    }

    /** A key that signs each request, by the exchange's clock once that is known to differ from ours. */
    final class Signature implements Credentials {
        private static final String WINDOW_MS = "5000";
        private static final long OUTSIDE_WINDOW = 3003;
        private static final long HALF_SECOND_MS = 500;
        private final Config.Key key;
        private final Recipe recipe;
        private volatile long offsetMs;

        Signature(Config.Key key, Recipe recipe) {
            this.key = key;
            this.recipe = recipe;
        }

        @Override
        public Map<String, String> headers(Request request) {
            String timestamp = String.valueOf(System.currentTimeMillis() + offsetMs);
            String canonical = recipe.canonical(request, key.name(), timestamp, WINDOW_MS);
            return Map.of(
                    recipe.keyHeader(), key.name(),
                    recipe.timestampHeader(), timestamp,
                    recipe.windowHeader(), WINDOW_MS,
                    recipe.signatureHeader(), recipe.signature(key.secret(), canonical));
        }

        @Override
        public boolean renew(Map<String, String> sent, ApiException refusal) {
            if (!refusal.hasCode(OUTSIDE_WINDOW) || refusal.details().exchangeTime() == null) {
                return false;
            }
            // The header has whole seconds; the middle of that second is nearest.
            long exchangeMs = refusal.details().exchangeTime().toEpochMilli() + HALF_SECOND_MS;
            offsetMs = exchangeMs - System.currentTimeMillis();
            return true;
        }
    }
}
