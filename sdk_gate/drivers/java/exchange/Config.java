package exchange;

import java.net.URI;

/**
 * How a client is set up. Private operations need a login or a key; the other is null.
 *
 * @param rest where REST is, without a path
 * @param stream where the stream is, ws:// or wss://
 */
public record Config(URI rest, URI stream, Login login, Key key, Recipe recipe, Timing timing) {

    /** Who logs in; {@code parameter} is what the exchange calls the login's first field. */
    public record Login(String parameter, String name, String password) {
        @Override
        public String toString() {
            return "Login[" + name + "]";
        }
    }

    /** An API key and what it signs with. */
    public record Key(String name, String secret) {
        @Override
        public String toString() {
            return "Key[" + name + "]";
        }
    }

    /** The time-out of an attempt, the first pause before another, how often to ping, and what silence is. */
    public record Timing(long timeoutMs, long retryMs, long pingMs, long silenceMs) {}
}
