// Package problems makes problem documents (RFC 9457) of what the gateway answers by itself. Traefik interprets it,
// from this folder, without a build (`experimental.localPlugins` in traefik.yml).
//
// It has three parts. `page` is the page that the `errors` middlewares fetch from the gateway's inner entry point, so
// the error of a missing replica needs no replica. `too-many` stands before a rate limit whose service answers 429 as
// well: it knows Traefik's own answer by its X-Retry-In and replaces it, and lets the service's pass. `to-docs`
// redirects a browser from the bare address to the docs.
package problems

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const prefix = "/gateway/problems/"

var usableID = regexp.MustCompile(`^[\w.:+/=-]{1,128}$`)

// Config names the part of the middleware.
type Config struct {
	Part string `json:"part"`
}

// CreateConfig is called by Traefik.
func CreateConfig() *Config {
	return &Config{}
}

// New is called by Traefik.
func New(_ context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	switch config.Part {
	case "page":
		return http.HandlerFunc(servePage), nil
	case "too-many":
		return http.HandlerFunc(func(rw http.ResponseWriter, request *http.Request) {
			next.ServeHTTP(&tooManyWriter{ResponseWriter: rw, request: request}, request)
		}), nil
	case "to-docs":
		return http.HandlerFunc(redirectToDocs), nil
	}
	return nil, fmt.Errorf("part is page, too-many or to-docs, not %q", config.Part)
}

type problem struct {
	code, title, detail string
	retryAfter          int // seconds; 0 for no header
}

const unknownOutcome = " A change may have been made or not. Repeat it with the same Idempotency-Key."

// The same texts are in shared/http/problem.py, for the API's document.
var problems = map[int]problem{
	404: {"not-found", "Not found", "There is nothing at this path. /docs shows what there is.", 0},
	413: {"payload-too-large", "Payload too large", "The body is larger than the gateway accepts. Send less, or split it.", 0},
	429: {"too-many-requests", "Too many requests", "Too many requests came from this address. Wait a second, then send fewer.", 1},
	502: {"bad-gateway", "Bad gateway", "The service broke off before it answered." + unknownOutcome, 0},
	503: {"unavailable", "Temporarily unavailable", "No replica of the service can answer at the moment. Try again.", 2},
}

// servePage answers 200: the `errors` middleware replaces the status, and treats 500 and above as a broken page.
func servePage(rw http.ResponseWriter, request *http.Request) {
	status, err := strconv.Atoi(strings.TrimPrefix(request.URL.Path, prefix))
	if _, known := problems[status]; err != nil || !known {
		status = 404
	}
	instance := "/"
	if asked, err := url.Parse(request.URL.Query().Get("url")); err == nil && asked.Path != "" {
		instance = asked.EscapedPath()
	}
	write(rw, request, status, http.StatusOK, instance)
}

func write(rw http.ResponseWriter, request *http.Request, status, sent int, instance string) {
	told, id := problems[status], requestID(request)
	body, _ := json.Marshal(map[string]interface{}{
		"type": "urn:trolley:problem:" + told.code, "title": told.title, "status": status,
		"detail": told.detail, "instance": instance, "request_id": id,
	})
	headers := rw.Header()
	headers.Set("Content-Type", "application/problem+json")
	headers.Set("Content-Length", strconv.Itoa(len(body)))
	headers.Set("Cache-Control", "no-store")
	headers.Set("X-Request-Id", id)
	headers.Del("X-Retry-In")
	if told.retryAfter > 0 {
		headers.Set("Retry-After", strconv.Itoa(told.retryAfter))
	}
	rw.WriteHeader(sent)
	_, _ = rw.Write(body)
}

func redirectToDocs(rw http.ResponseWriter, request *http.Request) {
	rw.Header().Set("X-Request-Id", requestID(request))
	rw.Header().Set("Location", "/docs")
	rw.WriteHeader(http.StatusFound)
}

func requestID(request *http.Request) string {
	if id := request.Header.Get("X-Request-Id"); usableID.MatchString(id) {
		return id
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

// tooManyWriter passes everything on but for the rate limit's own answer.
type tooManyWriter struct {
	http.ResponseWriter
	request  *http.Request
	replaced bool
}

func (w *tooManyWriter) WriteHeader(status int) {
	if status == http.StatusTooManyRequests && w.Header().Get("X-Retry-In") != "" {
		w.replaced = true
		write(w.ResponseWriter, w.request, status, status, w.request.URL.EscapedPath())
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write flushes by itself: Traefik cannot see from outside that an interpreted writer could be flushed, and an event of
// a live cart must not wait.
func (w *tooManyWriter) Write(data []byte) (int, error) {
	if w.replaced {
		return len(data), nil
	}
	written, err := w.ResponseWriter.Write(data)
	if flusher, ok := w.ResponseWriter.(http.Flusher); ok {
		flusher.Flush()
	}
	return written, err
}
