package exchange;

import java.util.concurrent.TimeUnit;

/** Holds all calls of a client back while the exchange does not want any. */
final class RateLimit {
    private static final long LONGEST_WAIT_MS = 10_000;
    private long openAtNanos = System.nanoTime();

    /** Nothing is sent before so long; false when that is longer than a call may wait. */
    synchronized boolean hold(long waitMs) {
        long untilNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(waitMs);
        if (untilNanos - openAtNanos > 0) {
            openAtNanos = untilNanos;
        }
        return waitMs <= LONGEST_WAIT_MS;
    }

    /** Waits until calls are wanted again; true when it had to. */
    boolean waited() {
        long waitMs = remainingMs();
        if (waitMs > LONGEST_WAIT_MS + 1) {
            throw new ApiException(ApiException.Kind.RATE_LIMITED, "the exchange wants no request yet",
                    new ApiException.Details(null, null, waitMs, null));
        }
        if (waitMs > 0) {
            Waiting.pause(waitMs);
        }
        return waitMs > 0;
    }

    private synchronized long remainingMs() {
        long remainingNanos = openAtNanos - System.nanoTime();
        return remainingNanos <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(remainingNanos) + 1;
    }
}
