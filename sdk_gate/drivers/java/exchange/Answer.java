package exchange;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import exchange.ApiException.Kind;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** Tells the payload of an answer, or which refusal it is. */
final class Answer {
    static final long NOT_AUTHENTICATED = 4000;

    private Answer() {}

    /** The payload, out of its envelope {@code {code, message, data}} or bare. */
    static JsonElement payload(HttpResponse<byte[]> response) {
        Optional<JsonElement> body = Json.parse(new String(response.body(), StandardCharsets.UTF_8));
        Optional<JsonObject> envelope = body.filter(Answer::isEnvelope).map(JsonElement::getAsJsonObject);
        Long code = envelope.map(each -> each.get("code").getAsLong()).orElse(null);
        Optional<Kind> refusal = refusal(response.statusCode(), code, body.isPresent());
        if (refusal.isPresent()) {
            throw new ApiException(refusal.get(), message(response.statusCode(), envelope), details(response, code));
        }
        JsonElement payload = envelope.isPresent() ? envelope.get().get("data") : body.get();
        return payload == null ? JsonNull.INSTANCE : payload;
    }

    private static boolean isEnvelope(JsonElement body) {
        return body instanceof JsonObject object
                && object.get("code") instanceof JsonPrimitive code && code.isNumber();
    }

    private static Optional<Kind> refusal(int status, Long code, boolean isJson) {
        if (status == 429) {
            return Optional.of(Kind.RATE_LIMITED);
        }
        if (status == 401 || status == 403 || code != null && code == NOT_AUTHENTICATED) {
            return Optional.of(Kind.UNAUTHORIZED);
        }
        if (status >= 500) {
            return Optional.of(Kind.SERVER);
        }
        if (status >= 300 && status < 400 || !isJson) {
            return Optional.of(Kind.UNREADABLE);
        }
        return status < 400 && (code == null || code == 0) ? Optional.empty() : Optional.of(Kind.REJECTED);
    }

    private static String message(int status, Optional<JsonObject> envelope) {
        return envelope.map(each -> each.get("message"))
                .filter(JsonElement::isJsonPrimitive).map(JsonElement::getAsString)
                .orElse("HTTP " + status + " without a message that can be read");
    }

    private static ApiException.Details details(HttpResponse<?> response, Long code) {
        HttpHeaders headers = response.headers();
        Instant date = headers.firstValue("Date").flatMap(Answer::instant).orElse(null);
        Long retryAfterMs = headers.firstValue("Retry-After").flatMap(text -> waitMs(text, date)).orElse(null);
        return new ApiException.Details(code, response.statusCode(), retryAfterMs, date);
    }

    private static Optional<Long> waitMs(String retryAfter, Instant date) {
        if (retryAfter.matches("[0-9]{1,9}")) {
            return Optional.of(Long.parseLong(retryAfter) * 1000);
        }
        // A date is by the exchange's clock, which may differ from ours.
        Instant now = date == null ? Instant.now() : date;
        return instant(retryAfter).map(then -> Math.max(0, then.toEpochMilli() - now.toEpochMilli()));
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text)));
        } catch (DateTimeException notDate) {
            return Optional.empty();
        }
    }
}
