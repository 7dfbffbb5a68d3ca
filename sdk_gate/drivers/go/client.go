// Package exchange is a client of the exchange: its REST API, its streams, and a local order book.
package exchange

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config says where the exchange is, who asks, and how patient the client is. At most one of Login and Key is set.
type Config struct {
	REST    string // such as "https://fintrusted.com", without a slash at its end
	Stream  string // such as "wss://stream.fintrusted.com"
	Login   *Login
	Key     *Key
	Signing *Recipe // nil: as documented
	Timing  Timing
}

// Login is an account. Parameter is what the login's first field is called, such as "email".
type Login struct {
	Parameter, Name string
	Password        Secret
}

// Timing has milliseconds; what is zero has a default.
type Timing struct {
	TimeoutMs int // how long a request may take, from connecting to the last byte
	RetryMs   int // the first pause before another attempt or another connection
	PingMs    int // how often to ping on the stream
	SilenceMs int // how long the stream may say nothing at all
}

// Client asks the exchange. It may be used by many goroutines at once.
type Client struct {
	Stream *Stream

	config        Config
	signer        Recipe
	reads, writes *http.Client
	retry         time.Duration
	clock         clock
	quiet         quiet

	login sync.Mutex // held while logging in: calls at once need one login
	token string
}

// New makes a client. It sends nothing before it is asked to.
func New(config Config) *Client {
	timing := &config.Timing
	timing.TimeoutMs, timing.RetryMs = cmp.Or(timing.TimeoutMs, 10_000), cmp.Or(timing.RetryMs, 500)
	timing.PingMs, timing.SilenceMs = cmp.Or(timing.PingMs, 20_000), cmp.Or(timing.SilenceMs, 30_000)
	c := &Client{config: config, signer: Documented, retry: ms(timing.RetryMs)}
	if config.Signing != nil {
		c.signer = *config.Signing
	}
	c.reads = connections(ms(timing.TimeoutMs), &http.Transport{MaxIdleConnsPerHost: 16})
	// A write never meets a connection that broke while it was idle.
	c.writes = connections(ms(timing.TimeoutMs), &http.Transport{DisableKeepAlives: true})
	c.Stream = newStream(c)
	return c
}

func ms(number int) time.Duration { return time.Duration(number) * time.Millisecond }

func connections(timeout time.Duration, transport *http.Transport) *http.Client {
	transport.Proxy = http.ProxyFromEnvironment
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true) // HTTP/2 repeats by rules of its own
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &http.Client{Transport: transport, CheckRedirect: stay, Timeout: timeout}
}

// Format hides what the client knows, from every verb of fmt.
func (c *Client) Format(state fmt.State, _ rune) { fmt.Fprint(state, "client of ", c.config.REST) }

// Close ends the client's connections.
func (c *Client) Close() {
	c.Stream.close()
	c.reads.CloseIdleConnections()
}

// Call performs an operation by its operationId. Its payload goes into result as Decode puts it there.
func (c *Client) Call(ctx context.Context, operationID string, params Params, result any) error {
	operation, isKnown := operations[operationID]
	if !isKnown {
		return &Error{Kind: Unsupported, Message: "there is no operation " + operationID}
	}
	encoded, err := params.Encode()
	if err != nil {
		return err
	}
	payload, err := c.perform(ctx, operation, encoded)
	if err != nil || result == nil {
		return err
	}
	if err := Decode(payload, result); err != nil {
		return &Error{Kind: Unreadable, Message: "the answer has another form", cause: err}
	}
	return nil
}

// attempts counts what has happened to a call so far.
type attempts struct {
	failed, limited, drifted int
	refusedToken             string
}

// perform sends until there is an answer, or a failure that another attempt cannot or must not mend.
func (c *Client) perform(ctx context.Context, operation operation, encoded string) (json.RawMessage, error) {
	for past := new(attempts); ; {
		var token string
		if operation.isPrivate && c.config.Login != nil {
			var err error
			if token, err = c.currentToken(ctx, past.refusedToken); err != nil {
				return nil, err
			}
		}
		if err := c.quiet.wait(ctx); err != nil {
			return nil, err
		}
		payload, failure := c.send(ctx, operation, encoded, token)
		if failure == nil {
			return payload, nil
		}
		if !c.mend(ctx, operation, failure, token, past) {
			return nil, failure
		}
	}
}

// mend waits for or corrects what another attempt needs, and tells whether there is to be one. What the exchange
// refused did not happen, so it may be sent again; of what may have happened, only reads.
func (c *Client) mend(ctx context.Context, operation operation, failure *Error, token string, past *attempts) bool {
	switch {
	case failure.Kind == RateLimited:
		past.limited++
		c.quiet.begin(cmp.Or(ms(failure.RetryAfterMs), c.retry<<(past.limited-1)))
		return past.limited <= 2 && ms(failure.RetryAfterMs) <= longestWait
	case failure.Code == 3003 && !failure.answered.IsZero(): // the timestamp is outside its window
		past.drifted++
		c.clock.set(failure.answered)
		return past.drifted == 1
	case token != "" && (failure.Status == http.StatusUnauthorized || failure.Code == notLoggedIn): // it has ended
		isFirst := past.refusedToken == ""
		past.refusedToken, failure.Kind = token, Unauthorized
		return isFirst
	case operation.method == get && failure.mayPass():
		past.failed++
		return past.failed < 3 && sleep(ctx, c.retry<<(past.failed-1))
	}
	return false
}

func (c *Client) send(ctx context.Context, operation operation, encoded, token string) (json.RawMessage, *Error) {
	request, err := c.request(ctx, operation, encoded, token)
	if err != nil {
		return nil, &Error{Kind: Invalid, Message: "the exchange's address cannot be used"}
	}
	connections := c.writes
	if operation.method == get {
		connections = c.reads
	}
	response, err := connections.Do(request)
	if err != nil {
		slog.Debug("no answer", "method", operation.method, "path", operation.path)
		return nil, noAnswer(err)
	}
	defer response.Body.Close()
	slog.Debug("answer", "method", operation.method, "path", operation.path, "status", response.StatusCode)
	return interpret(response)
}

func (c *Client) request(ctx context.Context, operation operation, encoded, token string) (*http.Request, error) {
	signable := Signable{Method: operation.method, Path: operation.path}
	var body io.Reader
	if operation.method == get {
		// net/http repeats a read by itself, at once, when a connection breaks that was used before. It does not
		// when it cannot rewind the body, and one without a byte is not sent.
		signable.Query, body = encoded, io.NopCloser(strings.NewReader(""))
	} else {
		signable.Body, body = encoded, strings.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, operation.method, c.config.REST+signable.target(), body)
	if err != nil {
		return nil, err
	}
	if operation.method == post {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		request.Header.Set("Authorization", token)
	} else if c.config.Key != nil && operation.isPrivate {
		c.signer.sign(request, signable, *c.config.Key, c.clock.nowMs())
	}
	return request, nil
}

// currentToken logs in when there is no token yet, or when the one that there is was refused.
func (c *Client) currentToken(ctx context.Context, refused string) (string, error) {
	c.login.Lock()
	defer c.login.Unlock()
	if c.token != "" && c.token != refused {
		return c.token, nil
	}
	login := c.config.Login
	if login == nil {
		return "", &Error{Kind: Unauthorized, Message: "this needs a login, and the client has none"}
	}
	var session struct{ Authorization string }
	form := Params{login.Parameter: login.Name, "password": login.Password}
	if err := c.Call(ctx, "login", form, &session); err != nil {
		return "", err
	}
	if session.Authorization == "" {
		return "", &Error{Kind: Unreadable, Message: "the answer to the login has no token"}
	}
	c.token = session.Authorization
	return c.token, nil
}
