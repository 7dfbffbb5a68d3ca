package exchange;

import exchange.ApiException.Kind;
import java.util.Map;

/** The attempts of one call: whether there is another after a failure, and the pause before it. */
final class Attempts {
    private static final int READS = 3;
    private static final int REPEATS_AFTER_429 = 2;
    private final boolean isRead;
    private final RateLimit rateLimit;
    private long pauseMs;
    private int failures;
    private int refusals;
    private boolean isRenewed;

    Attempts(boolean isRead, long retryMs, RateLimit rateLimit) {
        this.isRead = isRead;
        this.pauseMs = retryMs;
        this.rateLimit = rateLimit;
    }

    /** True when credentials were renewed; once a call at most, or it could go round in circles. */
    boolean hasRenewed(Credentials credentials, Map<String, String> sent, ApiException refusal) {
        if (isRenewed) {
            return false;
        }
        isRenewed = credentials.renew(sent, refusal);
        return isRenewed;
    }

    /** Returns when the next attempt may be prepared, or throws the failure if there is to be none. */
    void waitAfter(ApiException failure) {
        if (failure.kind() == Kind.RATE_LIMITED) {
            // It was not accepted, so a write may be sent again too.
            Long toldMs = failure.details().retryAfterMs();
            boolean isShort = rateLimit.hold(toldMs == null ? nextPauseMs() : toldMs);
            if (++refusals > REPEATS_AFTER_429 || !isShort) {
                throw failure;
            }
        } else if (isRead && isPassing(failure) && ++failures < READS) {
            Waiting.pause(nextPauseMs());
        } else {
            throw failure;
        }
    }

    private long nextPauseMs() {
        long nextMs = pauseMs;
        pauseMs *= 2;
        return nextMs;
    }

    private static boolean isPassing(ApiException failure) {
        return switch (failure.kind()) {
            case TRANSPORT, TIMEOUT -> true;
            case SERVER -> failure.hasStatus(502, 504);
            case UNREADABLE -> failure.hasStatus(200, 299);
            default -> false;
        };
    }
}
