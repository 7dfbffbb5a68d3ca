package exchange

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// errBroken is what fails on a connection that has ended.
var errBroken = &Error{Kind: Transport, Message: "the stream's connection broke"}

// connection is one socket from its opening to its end. It matches answers to requests, pings, and ends itself when
// nothing comes back.
type connection struct {
	socket  *websocket.Conn
	timeout time.Duration
	silence time.Duration
	ended   chan struct{} // closed after the last message was handed on

	writing sync.Mutex // the library allows one writer at a time
	lastID  atomic.Int64
	waiting sync.Map // a channel for each request without an answer, by id

	isAuthenticated bool // guarded by Stream.turn
}

// request is a frame that is sent, frame one that came: each message has some of its fields.
type request struct {
	Op   string   `json:"op"`
	Args []string `json:"args,omitempty"`
	ID   string   `json:"id"`
}

type frame struct {
	Op, ID, Message, Topic, Type string
	Success                      bool
	Code, Seq, PrevSeq           int64
	Data                         json.RawMessage
}

// connect opens a connection, which ctx ends at the latest. deliver is given, in order, what is not an answer.
func connect(
	ctx context.Context, address string, timing Timing, deliver func(*connection, frame),
) (*connection, error) {
	timeout := ms(timing.TimeoutMs)
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: timeout}
	socket, _, err := dialer.DialContext(ctx, address, nil)
	if err != nil {
		return nil, noAnswer(err)
	}
	c := &connection{socket: socket, timeout: timeout, silence: ms(timing.SilenceMs), ended: make(chan struct{})}
	stop := context.AfterFunc(ctx, c.close)
	go func() {
		defer close(c.ended)
		defer stop()
		defer c.close()
		c.read(deliver)
	}()
	go c.ping(ms(timing.PingMs))
	return c, nil
}

// close begins the end of a connection.
func (c *connection) close() {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = c.socket.WriteControl(websocket.CloseMessage, bye, time.Now().Add(100*time.Millisecond))
	_ = c.socket.Close()
}

func (c *connection) read(deliver func(*connection, frame)) {
	isAlive := func() { _ = c.socket.SetReadDeadline(time.Now().Add(c.silence)) }
	pong := c.socket.PingHandler()
	c.socket.SetPingHandler(func(data string) error { isAlive(); return pong(data) })
	for {
		isAlive()
		_, content, err := c.socket.ReadMessage()
		if err != nil {
			return
		}
		var message frame
		if json.Unmarshal(content, &message) != nil {
			continue
		}
		if reply, isAwaited := c.waiting.LoadAndDelete(message.ID); isAwaited {
			reply.(chan frame) <- message
		} else {
			deliver(c, message)
		}
	}
}

func (c *connection) ping(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			_ = c.write(request{Op: "ping", ID: c.nextID()})
		case <-c.ended:
			return
		}
	}
}

func (c *connection) nextID() string { return strconv.FormatInt(c.lastID.Add(1), 10) }

// write sends a frame; a connection that does not take it in time is ended.
func (c *connection) write(frame request) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.socket.SetWriteDeadline(time.Now().Add(c.timeout))
	if c.socket.WriteJSON(frame) != nil {
		c.close()
		return errBroken
	}
	return nil
}

// ask sends a request and waits for its answer.
func (c *connection) ask(op, argument string) error {
	id, reply := c.nextID(), make(chan frame, 1)
	c.waiting.Store(id, reply)
	defer c.waiting.Delete(id)
	if err := c.write(request{op, []string{argument}, id}); err != nil {
		return err
	}
	select {
	case answer := <-reply:
		if !answer.Success {
			return &Error{Kind: Rejected, Message: answer.Message, Code: answer.Code}
		}
		return nil
	case <-c.ended:
		return errBroken
	case <-time.After(c.timeout):
		return &Error{Kind: Timeout, Message: "no answer to " + op + " came in time"}
	}
}
