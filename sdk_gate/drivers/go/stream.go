package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
)

// Stream keeps one connection for all topics. It is opened at first need, and again whenever it breaks.
type Stream struct {
	client *Client
	ctx    context.Context // ends with the client
	close  context.CancelFunc
	start  sync.Once
	ready  chan *connection // offers the connection while there is one
	topics sync.Map         // what the user wants: a *subscription each
	turn   sync.Mutex       // held by whoever asks for topics
}

func newStream(client *Client) *Stream {
	ctx, cancel := context.WithCancel(context.Background())
	return &Stream{client: client, ctx: ctx, close: cancel, ready: make(chan *connection)}
}

// Subscribe returns when the exchange has acknowledged a topic, such as "trades.BTC/USDT". handle is given each trade
// of a trades topic and the data of each message of another, in order and one at a time; it must not wait for the
// stream itself. A topic that is subscribed already stays as it is. For a connection it waits no longer than for an
// answer.
func (s *Stream) Subscribe(ctx context.Context, topic string, handle func(data json.RawMessage)) error {
	ctx, cancel := context.WithTimeout(ctx, ms(s.client.config.Timing.TimeoutMs))
	defer cancel()
	s.start.Do(func() { go s.run() })
	entry, isOld := s.topics.LoadOrStore(topic, &subscription{topic: topic, handle: handle})
	err := error(errBroken)
	for errors.Is(err, errBroken) {
		err = s.beginSoon(ctx, entry.(*subscription))
	}
	if err != nil && !isOld {
		s.topics.CompareAndDelete(topic, entry)
	}
	return err
}

// Unsubscribe ends a topic: nothing of it is handed on any more.
func (s *Stream) Unsubscribe(topic string) error {
	entry, isThere := s.topics.LoadAndDelete(topic)
	if !isThere {
		return nil
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	return entry.(*subscription).end()
}

// Depth is the book of a symbol whose topic "depth.…" is subscribed.
func (s *Stream) Depth(symbol string) (Depth, error) {
	if entry, isThere := s.topics.Load("depth." + symbol); isThere {
		return entry.(*subscription).book.depth(), nil
	}
	return Depth{}, &Error{Kind: Invalid, Message: "depth." + symbol + " is not subscribed"}
}

// run keeps a connection open until the client is closed.
func (s *Stream) run() {
	first := s.client.retry
	for pause := first; s.ctx.Err() == nil; pause = min(2*pause, 20*first) {
		if s.connect() == nil {
			pause = first
		}
		sleep(s.ctx, pause)
	}
}

// connect opens a connection, restores what is wanted, and returns when it has ended: with an error if it was useless.
func (s *Stream) connect() error {
	opened, err := connect(s.ctx, s.client.config.Stream, s.client.config.Timing, s.deliver)
	slog.Debug("stream", "isOpen", err == nil)
	if err != nil {
		return err
	}
	if err = s.restore(opened); err != nil {
		opened.close()
	}
	for isOpen := true; isOpen; {
		select {
		case s.ready <- opened:
		case <-opened.ended:
			isOpen = false
		}
	}
	for _, subscription := range s.all() {
		subscription.book.lose()
	}
	return err
}

// all are the topics that are wanted, the private ones first.
func (s *Stream) all() (all []*subscription) {
	s.topics.Range(func(_, entry any) bool {
		if subscription := entry.(*subscription); subscription.isPrivate() {
			all = slices.Insert(all, 0, subscription)
		} else {
			all = append(all, subscription)
		}
		return true
	})
	return all
}

// restore subscribes again what was on the connection before. What is refused waits for the next.
func (s *Stream) restore(opened *connection) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	for _, subscription := range s.all() {
		if subscription.on == nil {
			continue // its Subscribe still waits, and asks itself
		}
		err := s.begin(opened, subscription)
		if isRefusal(err) {
			slog.Warn("not subscribed again", "topic", subscription.topic, "why", err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// beginSoon begins a topic on the connection, as soon as there is one.
func (s *Stream) beginSoon(ctx context.Context, subscription *subscription) error {
	select {
	case current := <-s.ready:
		s.turn.Lock()
		defer s.turn.Unlock()
		return s.begin(current, subscription)
	case <-ctx.Done():
		return noAnswer(ctx.Err())
	case <-s.ctx.Done():
		return &Error{Kind: Transport, Message: "the client is closed"}
	}
}

// begin subscribes a topic that is still wanted, once a connection; a private one after authentication.
func (s *Stream) begin(current *connection, subscription *subscription) error {
	wanted, _ := s.topics.Load(subscription.topic)
	if subscription.on == current || wanted != subscription {
		return nil
	}
	if subscription.isPrivate() && !current.isAuthenticated {
		if err := s.authenticate(current); err != nil {
			return err
		}
	}
	err := current.ask("subscribe", subscription.topic)
	if err == nil {
		subscription.on = current
	}
	return err
}

// authenticate says who the user is. A token that is refused is replaced, once.
func (s *Stream) authenticate(current *connection) error {
	for refused := ""; ; {
		token, err := s.client.currentToken(s.ctx, refused)
		if err != nil {
			return err
		}
		err = current.ask("auth", token)
		current.isAuthenticated = err == nil
		if !isRefusal(err) || refused != "" {
			return err
		}
		refused = token
	}
}

// deliver runs where messages are read, so it must not ask anything itself.
func (s *Stream) deliver(from *connection, message frame) {
	entry, isWanted := s.topics.Load(message.Topic)
	if !isWanted || !slices.Contains([]string{"snapshot", "update", "delta"}, message.Type) {
		return
	}
	subscription := entry.(*subscription)
	if isGap := subscription.deliver(message); isGap {
		go s.renew(from, subscription)
	}
}

// renew gets a new snapshot of a topic. Where that fails, a new connection brings one.
func (s *Stream) renew(from *connection, subscription *subscription) {
	s.turn.Lock()
	defer s.turn.Unlock()
	topic := subscription.topic
	if subscription.on == from && (from.ask("unsubscribe", topic) != nil || from.ask("subscribe", topic) != nil) {
		from.close()
	}
}
