// A stand-in for Attu's server: the page that the start script has made, on port 3000, and nothing behind it.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
)

// As the official server, it runs in the image's working directory.
const made = "build/env-config.js"

func main() {
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		settings, err := os.ReadFile(made)
		if err != nil {
			http.Error(answer, err.Error(), http.StatusInternalServerError)
			return
		}
		answer.Header().Set("Content-Type", "text/html")
		page := "<!doctype html><title>Attu</title><p>The stage's stand-in for Attu.\n<script>\n" + string(settings) + "</script>\n"
		_, _ = io.WriteString(answer, page)
	})
	log.Fatal(http.ListenAndServe(":3000", nil))
}
