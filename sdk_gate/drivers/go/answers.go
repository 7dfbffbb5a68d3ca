package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

const notLoggedIn = 4000

// interpret reads an answer: the payload without its envelope, or what failed.
func interpret(response *http.Response) (json.RawMessage, *Error) {
	said, err := read(response.Body)
	status := response.StatusCode
	failure := &Error{
		Message:      said.message,
		Code:         said.code,
		Status:       status,
		RetryAfterMs: int(retryAfter(response.Header).Milliseconds()),
	}
	if said.code == 0 {
		failure.Message = http.StatusText(status)
	}
	failure.answered, _ = http.ParseTime(response.Header.Get("Date"))
	switch {
	case status == http.StatusTooManyRequests:
		failure.Kind = RateLimited
	case status == http.StatusUnauthorized || status == http.StatusForbidden || said.code == notLoggedIn:
		failure.Kind = Unauthorized
	case status >= 500:
		failure.Kind = Server
	case status >= 400 && err == nil:
		failure.Kind = Rejected
	case status >= 300 && status < 400:
		failure.Kind, failure.Message = Unreadable, "a redirect, which is not followed"
	case isTimeout(err):
		failure.Kind, failure.Message = Timeout, "the answer did not end in time"
	case err != nil:
		failure.Kind, failure.Message, failure.cause = Unreadable, "the answer is not JSON, or not whole", err
	case said.code != 0:
		failure.Kind = Rejected
	default:
		return said.data, nil
	}
	return nil, failure
}

// envelope is {code, message, data} taken apart.
type envelope struct {
	code    int64
	message string
	data    json.RawMessage
}

func read(body io.Reader) (envelope, error) {
	content, err := io.ReadAll(body)
	if isTimeout(err) {
		return envelope{}, err
	}
	if err != nil {
		return envelope{}, io.ErrUnexpectedEOF
	}
	var payload json.RawMessage
	if err := Decode(content, &payload); err != nil {
		return envelope{}, err
	}
	return unwrap(payload), nil
}

// unwrap takes an envelope apart; an answer without a code is the payload itself.
func unwrap(payload json.RawMessage) envelope {
	var fields map[string]json.RawMessage
	var code *int64
	if json.Unmarshal(payload, &fields) != nil || json.Unmarshal(fields["code"], &code) != nil || code == nil {
		return envelope{data: payload}
	}
	said := envelope{code: *code, data: fields["data"]}
	if said.data == nil {
		said.data = json.RawMessage("null")
	}
	_ = json.Unmarshal(fields["message"], &said.message) // one that is not text is none
	return said
}

// Decode reads JSON as json.Unmarshal does, but keeps every digit: in an any, integers are json.Number and other
// numbers Decimal.
func Decode(data []byte, result any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	err := decoder.Decode(result)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if _, behind := decoder.Token(); err == nil && behind != io.EOF {
		return errors.New("something stands behind the JSON")
	}
	if value, isAny := result.(*any); isAny {
		*value = exact(*value)
	}
	return err
}

// retryAfter is how long the exchange asks to wait; a date counts from the exchange's own clock.
func retryAfter(header http.Header) time.Duration {
	asked := header.Get("Retry-After")
	if seconds, err := strconv.ParseInt(asked, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	until, err := http.ParseTime(asked)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, until.Sub(now))
}
