package exchange

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
)

// Values of the parameters direction and type.
const (
	Buy    = "BUY"
	Sell   = "SELL"
	Limit  = "LIMIT"
	Market = "MARKET"
)

// numbers are what the words are on the wire, by parameter.
var numbers = map[string]map[string]string{
	"direction": {Buy: "0", Sell: "1"},
	"type":      {Limit: "0", Market: "1"},
}

// Params are the parameters of an operation: text, booleans, integers and Decimals. A nil is not sent.
type Params map[string]any

// Encode writes them as they stand in a query or a form, sorted by name.
func (p Params) Encode() (string, error) {
	values := url.Values{}
	for name, value := range p {
		if value == nil {
			continue
		}
		text, err := wireText(value)
		if err != nil {
			return "", &Error{Kind: Invalid, Message: name + ": " + err.Error()}
		}
		values.Set(name, cmp.Or(numbers[name][text], text))
	}
	return values.Encode(), nil
}

func wireText(value any) (string, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case Secret:
		return string(value), nil
	case bool:
		return strconv.FormatBool(value), nil
	case int, int64:
		return fmt.Sprint(value), nil
	case json.Number:
		return Decimal(value).Plain()
	case Decimal:
		return value.Plain()
	}
	// Among these are floats: their digits are not those that the caller wrote.
	return "", fmt.Errorf("a %T cannot be sent; a price or an amount is a Decimal", value)
}

// Secret is text that no verb of fmt and no encoder shows.
type Secret string

// Format hides the secret.
func (Secret) Format(state fmt.State, _ rune) { fmt.Fprint(state, "[hidden]") }

// MarshalText hides the secret.
func (Secret) MarshalText() ([]byte, error) { return []byte("[hidden]"), nil }
