// The driver lets the SDK gate use the client: steps come in and answers go out, one JSON object a line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"exchange"
)

type object = map[string]any

var hello = object{
	"protocol": "1.0",
	"sdk":      object{"name": "exchange-go", "version": "1.0.0", "language": "Go"},
	"features": []string{"token", "key", "concurrency", "sign", "streams", "private", "book"},
}

// step has the fields of all steps.
type step struct {
	ID                           int64
	Do, Operation, Topic, Symbol string
	Params, Query, Form          exchange.Params
	Config                       exchange.Config
	Secret                       exchange.Secret
	exchange.Signable            // method, path, timestamp, window and key of the step sign
}

type driver struct {
	client *exchange.Client
	mutex  sync.Mutex
	events map[string][]any // what was handed over and not asked for yet, by topic
}

func main() {
	if os.Getenv("SDK_GATE_LOG") == "debug" {
		slog.SetLogLoggerLevel(slog.LevelDebug)
	}
	d := &driver{client: exchange.New(exchange.Config{}), events: map[string][]any{}}
	steps := json.NewDecoder(os.Stdin)
	steps.UseNumber()
	for {
		var next step
		if steps.Decode(&next) != nil {
			return // the input has ended
		}
		switch next.Do {
		case "open", "close", "bye": // what comes after them waits for them
			if d.perform(next, d.client); next.Do == "bye" {
				return
			}
		default:
			go d.perform(next, d.client)
		}
	}
}

func (d *driver) perform(s step, client *exchange.Client) {
	result, err := d.result(s, client)
	line := object{"id": s.ID, "ok": err == nil, "result": result}
	if err != nil {
		failure := &exchange.Error{Kind: "internal", Message: err.Error()}
		errors.As(err, &failure)
		line = object{"id": s.ID, "ok": false, "error": failure}
	}
	if s.Do == "call" {
		line["given"] = s.Params
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(line)
}

func (d *driver) result(s step, client *exchange.Client) (result any, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the driver failed: %v", fault)
		}
	}()
	switch s.Do {
	case "hello":
		return hello, nil
	case "open":
		client.Close()
		d.client = exchange.New(s.Config)
	case "call":
		err = client.Call(context.Background(), s.Operation, withDecimals(s.Params), &result)
		return result, err
	case "sign":
		return sign(s)
	case "subscribe":
		d.taken(s.Topic)
		keep := func(data json.RawMessage) { d.keep(s.Topic, data) }
		return nil, client.Stream.Subscribe(context.Background(), s.Topic, keep)
	case "unsubscribe":
		return nil, client.Stream.Unsubscribe(s.Topic)
	case "events":
		return object{"events": d.taken(s.Topic)}, nil
	case "book":
		return client.Stream.Depth(s.Symbol)
	case "close", "bye":
		client.Close()
	default:
		return nil, errors.New("there is no step " + s.Do)
	}
	return nil, nil
}

func sign(s step) (any, error) {
	query, queryErr := withDecimals(s.Query).Encode()
	body, bodyErr := withDecimals(s.Form).Encode()
	s.Signable.Query, s.Signable.Body = query, body
	canonical := exchange.Documented.Canonical(s.Signable)
	signature := exchange.Documented.Signature(canonical, s.Secret)
	stages := object{"query": query, "body": body, "canonical": canonical, "signature": signature}
	return stages, errors.Join(queryErr, bodyErr)
}

// withDecimals makes what the client takes of a step's decimals, which are text.
func withDecimals(params exchange.Params) exchange.Params {
	for _, name := range []string{"price", "amount", "entrustPrice"} {
		if text, isText := params[name].(string); isText {
			params[name] = exchange.Decimal(text)
		}
	}
	return params
}

func (d *driver) keep(topic string, data json.RawMessage) {
	var event any
	_ = exchange.Decode(data, &event) // what is not there is null
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.events[topic] = append(d.events[topic], event)
}

func (d *driver) taken(topic string) []any {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	taken := append([]any{}, d.events[topic]...)
	delete(d.events, topic)
	return taken
}
