package exchange

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// Decimal is a number as text, such as "0.10". It keeps every digit: nothing is rounded on the way.
type Decimal string

var decimalForm = regexp.MustCompile(`^-?[0-9]+(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$`)

// Plain is the number without an exponent, with the digits that were given: "1E-8" is 0.00000001, "0.10" stays 0.10.
func (d Decimal) Plain() (string, error) {
	parts := decimalForm.FindStringSubmatch(string(d))
	if parts == nil {
		return "", fmt.Errorf("%q is not a decimal", string(d))
	}
	fraction, exponent := parts[1], parts[2]
	if exponent == "" {
		return string(d), nil
	}
	shift, _ := strconv.Atoi(exponent)                                // the form lets nothing else through
	return d.rational().FloatString(max(0, len(fraction)-shift)), nil // as many places as there are digits
}

func (d Decimal) compare(other Decimal) int { return d.rational().Cmp(other.rational()) }

func (d Decimal) rational() *big.Rat {
	if value, isNumber := new(big.Rat).SetString(string(d)); isNumber {
		return value
	}
	return new(big.Rat) // an amount that is not there
}

// UnmarshalJSON reads a decimal that is written as text or as a number; a null leaves it empty.
func (d *Decimal) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	plain, err := Decimal(strings.Trim(string(data), `"`)).Plain()
	*d = Decimal(plain)
	return err
}

// exact makes Decimals of the numbers in an answer that are no integers.
func exact(value any) any {
	switch value := value.(type) {
	case json.Number:
		if plain, err := Decimal(value).Plain(); err == nil && strings.ContainsAny(string(value), ".eE") {
			return Decimal(plain)
		}
	case []any:
		for i := range value {
			value[i] = exact(value[i])
		}
	case map[string]any:
		for name := range value {
			value[name] = exact(value[name])
		}
	}
	return value
}
