package exchange

import (
	"encoding/json"
	"slices"
	"sync"
)

// Level is a price and the amount that stands there.
type Level [2]Decimal

// Depth is a book at one moment, the best levels first. One that is not synced is not to be traded on.
type Depth struct {
	Synced bool    `json:"synced"`
	Bids   []Level `json:"bids"`
	Asks   []Level `json:"asks"`
}

// book follows a depth topic: a snapshot, then deltas of which each names the one before.
type book struct {
	mutex sync.Mutex
	seq   int64
	now   Depth
}

// apply takes a message in. It tells whether one before it is missing: then only a snapshot helps.
func (b *book) apply(message frame) (isGap bool) {
	var changes Depth
	if json.Unmarshal(message.Data, &changes) != nil {
		return false // the next delta finds the gap
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	switch {
	case message.Type == "snapshot":
		b.now = Depth{}
	case message.Type != "delta" || !b.now.Synced || message.Seq <= b.seq:
		return false
	case message.PrevSeq != b.seq:
		b.now.Synced = false
		return true
	}
	b.seq = message.Seq
	b.now = Depth{true, put(b.now.Bids, changes.Bids, -1), put(b.now.Asks, changes.Asks, 1)}
	return false
}

// put sets the levels of some prices; an amount of zero removes. Levels ascend with order 1 and descend with -1.
func put(levels, changes []Level, order int) []Level {
	byPrice := func(level, wanted Level) int { return order * level[0].compare(wanted[0]) }
	for _, change := range changes {
		at, isThere := slices.BinarySearchFunc(levels, change, byPrice)
		if isThere {
			levels = slices.Delete(levels, at, at+1)
		}
		if change[1].compare("0") != 0 {
			levels = slices.Insert(levels, at, change)
		}
	}
	return levels
}

// lose says that messages may be missing from now on.
func (b *book) lose() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.now.Synced = false
}

func (b *book) depth() Depth {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return Depth{b.now.Synced, append([]Level{}, b.now.Bids...), append([]Level{}, b.now.Asks...)}
}
