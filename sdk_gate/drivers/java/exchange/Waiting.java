package exchange;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits whose end is an {@link ApiException} or nothing. */
final class Waiting {
    private Waiting() {}

    static <T> T on(CompletableFuture<T> answer, long timeoutMs) {
        try {
            return answer.get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException failure) {
            throw ApiException.of(failure);
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    static void pause(long pauseMs) {
        try {
            Thread.sleep(pauseMs);
        } catch (InterruptedException interrupted) {
            throw interrupted();
        }
    }

    private static ApiException interrupted() {
        Thread.currentThread().interrupt();
        return new ApiException(ApiException.Kind.TRANSPORT, "interrupted");
    }
}
