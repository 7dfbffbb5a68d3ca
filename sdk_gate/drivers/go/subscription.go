package exchange

import (
	"encoding/json"
	"errors"
	"strings"
)

// subscription is one topic that the user wants, over all connections.
type subscription struct {
	topic  string
	handle func(json.RawMessage)
	on     *connection // the one that has it; guarded by Stream.turn
	book   book        // of a depth topic
	trades seen        // of a trades topic
}

func (s *subscription) isPrivate() bool { return s.topic == "orders" || s.topic == "account" }

// end unsubscribes.
func (s *subscription) end() error {
	if s.on == nil {
		return nil
	}
	err := s.on.ask("unsubscribe", s.topic)
	s.on = nil
	if errors.Is(err, errBroken) {
		return nil // it went with its connection
	}
	return err
}

// deliver gives the user what a message holds. It tells whether a message of a book is missing before it.
func (s *subscription) deliver(message frame) (isGap bool) {
	switch channel, _, _ := strings.Cut(s.topic, "."); channel {
	case "trades":
		var trades []json.RawMessage
		_ = json.Unmarshal(message.Data, &trades) // what is no list has no trades
		for _, trade := range trades {
			if s.trades.isNew(trade) {
				s.handle(trade)
			}
		}
		return false
	case "depth":
		isGap = s.book.apply(message)
	}
	s.handle(message.Data)
	return isGap
}

// seen has the ids of the last trades: a snapshot repeats what came before it.
type seen struct {
	ids   map[string]bool
	order []string
}

const mostSeen = 10_000 // far more than a snapshot has

func (s *seen) isNew(trade json.RawMessage) bool {
	var identified struct{ ID json.RawMessage }
	_ = json.Unmarshal(trade, &identified)
	id := string(identified.ID)
	if s.ids[id] {
		return false
	}
	if s.ids == nil {
		s.ids = map[string]bool{}
	}
	s.ids[id], s.order = true, append(s.order, id)
	if len(s.order) > mostSeen {
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
	return true
}
