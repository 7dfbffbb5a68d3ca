package exchange

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
)

const recvWindow = "5000"

// Key is an API key.
type Key struct {
	Name   string
	Secret Secret
}

// Recipe says how requests are signed.
type Recipe struct {
	KeyHeader       string   `json:"key_header"`
	TimestampHeader string   `json:"timestamp_header"`
	WindowHeader    string   `json:"window_header"`
	SignatureHeader string   `json:"signature_header"`
	Parts           []string `json:"parts"`     // of the text that is signed, see Signable
	Algorithm       string   `json:"algorithm"` // sha256 or sha512
	Encoding        string   `json:"encoding"`  // hex or base64
}

// Documented is the exchange's own recipe.
var Documented = Recipe{
	"X-FT-APIKEY", "X-FT-TIMESTAMP", "X-FT-RECV-WINDOW", "X-FT-SIGN",
	[]string{"timestamp", "recvWindow", "METHOD", "path", "?query", "body"}, "sha256", "hex",
}

// Signable is what can be signed of a request. Query and body are exactly the bytes that are sent.
type Signable struct {
	Method, Path, Query, Body, Timestamp, Window, Key string
}

// target is the path with what follows it.
func (s Signable) target() string { return s.Path + s.parts()["?query"] }

func (s Signable) parts() map[string]string {
	parts := map[string]string{
		"timestamp": s.Timestamp, "recvWindow": s.Window, "key": s.Key,
		"METHOD": s.Method, "path": s.Path, "query": s.Query, "body": s.Body,
	}
	if s.Query != "" {
		parts["?query"] = "?" + s.Query
	}
	return parts
}

// Canonical is the text that is signed.
func (r Recipe) Canonical(request Signable) string {
	available := request.parts()
	var text strings.Builder
	for _, part := range r.Parts {
		text.WriteString(available[part])
	}
	return text.String()
}

// Signature is the keyed digest of a canonical text.
func (r Recipe) Signature(canonical string, secret Secret) string {
	algorithm := sha256.New
	if r.Algorithm == "sha512" {
		algorithm = sha512.New
	}
	digest := hmac.New(algorithm, []byte(secret))
	digest.Write([]byte(canonical))
	if r.Encoding == "base64" {
		return base64.StdEncoding.EncodeToString(digest.Sum(nil))
	}
	return hex.EncodeToString(digest.Sum(nil))
}

func (r Recipe) sign(request *http.Request, signable Signable, key Key, nowMs int64) {
	signable.Timestamp, signable.Window, signable.Key = strconv.FormatInt(nowMs, 10), recvWindow, key.Name
	request.Header.Set(r.KeyHeader, signable.Key)
	request.Header.Set(r.TimestampHeader, signable.Timestamp)
	request.Header.Set(r.WindowHeader, signable.Window)
	request.Header.Set(r.SignatureHeader, r.Signature(r.Canonical(signable), key.Secret))
}
