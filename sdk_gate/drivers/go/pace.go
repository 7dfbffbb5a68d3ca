package exchange

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const longestWait = 10 * time.Second

// clock is the exchange's, as far as it is known.
type clock struct{ aheadMs atomic.Int64 }

func (c *clock) nowMs() int64 { return time.Now().UnixMilli() + c.aheadMs.Load() }

// set takes the time of a Date header. It has whole seconds: half of one is what is missing on average.
func (c *clock) set(date time.Time) {
	c.aheadMs.Store(date.UnixMilli() + 500 - time.Now().UnixMilli())
}

// quiet is the time in which a client sends nothing, because the exchange said so to one of its calls.
type quiet struct {
	mutex sync.Mutex
	until time.Time
}

func (q *quiet) begin(pause time.Duration) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if end := time.Now().Add(pause); end.After(q.until) {
		q.until = end
	}
}

func (q *quiet) left() time.Duration {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return time.Until(q.until)
}

func (q *quiet) wait(ctx context.Context) error {
	for left := q.left(); left > 0; left = q.left() {
		if left > longestWait {
			asked := int(left.Milliseconds())
			return &Error{Kind: RateLimited, Message: "the exchange asked to wait", RetryAfterMs: asked}
		}
		if !sleep(ctx, left) {
			return noAnswer(ctx.Err())
		}
	}
	return nil
}

// sleep tells whether the pause was waited for to its end.
func sleep(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}
