// A stand-in for Attu: a page on port 3000, and nothing behind it.
package main

import (
	"io"
	"log"
	"net/http"
)

func main() {
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(answer, "<!doctype html><title>Attu</title><p>The stage's stand-in for Attu.\n")
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
