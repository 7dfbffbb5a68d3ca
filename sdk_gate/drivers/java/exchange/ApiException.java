package exchange;

import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** Why a call has no result. */
public final class ApiException extends RuntimeException {
    /** What went wrong, as far as a caller would act differently. */
    public enum Kind {
        REJECTED, UNAUTHORIZED, RATE_LIMITED, TIMEOUT, TRANSPORT, SERVER, UNREADABLE, INVALID, UNSUPPORTED
    }

    /** What is known of a refusal besides its kind; each may be null. The last is the answer's own Date. */
    public record Details(Long code, Integer status, Long retryAfterMs, Instant exchangeTime) {
        public static final Details NONE = new Details(null, null, null, null);
    }

    private static final Set<Kind> UNKNOWN_OUTCOMES =
            Set.of(Kind.TIMEOUT, Kind.TRANSPORT, Kind.SERVER, Kind.UNREADABLE);

    private final Kind kind;
    private final transient Details details;

    ApiException(Kind kind, String message) {
        this(kind, message, Details.NONE);
    }

    ApiException(Kind kind, String message, Details details) {
        super(message);
        this.kind = kind;
        this.details = details;
    }

    /** What a failed wait stands for. */
    static ApiException of(Throwable failure) {
        if (failure instanceof ApiException known) {
            return known;
        }
        if (failure instanceof ExecutionException || failure instanceof CompletionException) {
            return of(failure.getCause());
        }
        if (failure instanceof TimeoutException) {
            return new ApiException(Kind.TIMEOUT, "no answer in time");
        }
        // Only the cause's name: its message may quote what was sent.
        return new ApiException(Kind.TRANSPORT, "the connection failed: " + failure.getClass().getSimpleName());
    }

    public Kind kind() {
        return kind;
    }

    public Details details() {
        return details;
    }

    /** True when it is unknown whether the request was performed: look before you ask again. */
    public boolean mayHaveHappened() {
        return UNKNOWN_OUTCOMES.contains(kind);
    }

    boolean hasCode(long code) {
        return details.code() != null && details.code() == code;
    }

    boolean hasStatus(int lowest, int highest) {
        return details.status() != null && lowest <= details.status() && details.status() <= highest;
    }
}
