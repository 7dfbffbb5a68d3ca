package exchange

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"
)

// Kind tells failures apart.
type Kind string

// After the four that say so a write may have happened: look before it is sent again.
const (
	Rejected     Kind = "rejected"     // the exchange said no; Code tells why
	Unauthorized Kind = "unauthorized" // it did not accept the credentials
	RateLimited  Kind = "rate_limited" // there were too many requests
	Timeout      Kind = "timeout"      // no answer in time; it may have happened
	Transport    Kind = "transport"    // the connection failed or broke; it may have happened
	Server       Kind = "server"       // HTTP 5xx; it may have happened
	Unreadable   Kind = "unreadable"   // no answer of this API, or half of one; it may have happened
	Invalid      Kind = "invalid"      // refused by this client; nothing was sent
	Unsupported  Kind = "unsupported"  // there is no such operation
)

// Error is what the methods of this package fail with.
type Error struct {
	Kind         Kind   `json:"kind"`
	Message      string `json:"message"`                // the exchange's, where it said something
	Code         int64  `json:"code,omitempty"`         // the exchange's, 0 when there is none
	Status       int    `json:"status,omitempty"`       // of HTTP, 0 when there was no answer
	RetryAfterMs int    `json:"retryAfterMs,omitempty"` // 0 when the exchange did not say

	cause    error
	answered time.Time // when, by the exchange's clock; zero when it did not say
}

// Error says what failed; there are no secrets and no parameters in it.
func (e *Error) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("%s: %s", e.Kind, e.Message)
	}
	return fmt.Sprintf("%s: %s (code %d)", e.Kind, e.Message, e.Code)
}

// Unwrap gives the failure below, where there is one.
func (e *Error) Unwrap() error { return e.cause }

// mayPass tells whether the same request may go through a moment later.
func (e *Error) mayPass() bool {
	switch e.Kind {
	case Transport, Timeout:
		return true
	case Server:
		return slices.Contains([]int{502, 503, 504}, e.Status) // a gateway's, not the exchange's
	case Unreadable:
		return errors.Is(e, io.ErrUnexpectedEOF)
	}
	return false
}

// noAnswer is the failure of a connection.
func noAnswer(err error) *Error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err // its own text shows the address with the parameters
	}
	kind := Transport
	if isTimeout(err) {
		kind = Timeout
	}
	return &Error{Kind: kind, Message: err.Error(), cause: err}
}

func isTimeout(err error) bool {
	var failure interface{ Timeout() bool }
	return errors.As(err, &failure) && failure.Timeout()
}

// isRefusal tells whether err is the exchange's no, rather than a failure that may pass.
func isRefusal(err error) bool {
	var failure *Error
	return errors.As(err, &failure) && (failure.Kind == Rejected || failure.Kind == Unauthorized)
}
