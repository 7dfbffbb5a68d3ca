package exchange;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends a request once; but a read whose connection ends without an answer java.net.http sends once more by itself,
 * without a pause. A write fails on a kept connection that has ended meanwhile, so each request says
 * "Connection: close" and has a connection of its own.
 */
final class Transport {
    static {
        // java.net.http reads this once, at its first use in the process. If that was before, `new Transport` fails:
        // then start Java with -Djdk.httpclient.allowRestrictedHeaders=connection.
        String property = "jdk.httpclient.allowRestrictedHeaders";
        System.setProperty(property, System.getProperty(property, "connection") + ",connection");
    }

    private static final System.Logger LOG = System.getLogger("exchange");
    private static final HttpClient HTTP = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1).followRedirects(HttpClient.Redirect.NEVER).build();
    private final URI base;
    private final long timeoutMs;
    private final HttpRequest.Builder template = HttpRequest.newBuilder().header("Connection", "close");

    Transport(URI base, long timeoutMs) {
        this.base = base;
        this.timeoutMs = timeoutMs;
    }

    /** What a stream connects by. */
    WebSocket.Builder webSocket() {
        return HTTP.newWebSocketBuilder().connectTimeout(Duration.ofMillis(timeoutMs));
    }

    /** The whole answer; the time-out runs from connecting to the last byte. */
    HttpResponse<byte[]> send(Request request, Map<String, String> headers) {
        AtomicInteger status = new AtomicInteger();
        CompletableFuture<HttpResponse<byte[]>> answer = HTTP.sendAsync(build(request, headers), head -> {
            status.set(head.statusCode());
            return BodySubscribers.ofByteArray();
        });
        try {
            return Waiting.on(answer, timeoutMs);
        } catch (ApiException failure) {
            answer.cancel(true);
            boolean hasBegun = status.get() != 0;
            throw hasBegun && failure.kind() == ApiException.Kind.TRANSPORT ? brokenOff(status.get()) : failure;
        } finally {
            LOG.log(System.Logger.Level.DEBUG, () -> request.method() + " " + request.path() + " " + status);
        }
    }

    private HttpRequest build(Request request, Map<String, String> headers) {
        HttpRequest.Builder builder = template.copy().uri(URI.create(base + request.target()));
        if (request.method().equals("POST")) {
            builder.header("Content-Type", "application/x-www-form-urlencoded");
        }
        try {
            headers.forEach(builder::header);
        } catch (IllegalArgumentException unsendable) {
            throw new ApiException(ApiException.Kind.INVALID, "the credentials hold characters that no header can");
        }
        return builder.method(request.method(), request.body().isEmpty()
                ? BodyPublishers.noBody() : BodyPublishers.ofString(request.body())).build();
    }

    private static ApiException brokenOff(int status) {
        return new ApiException(ApiException.Kind.UNREADABLE, "the answer broke off",
                new ApiException.Details(null, status, null, null));
    }
}
