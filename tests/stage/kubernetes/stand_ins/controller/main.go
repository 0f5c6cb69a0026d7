// A stand-in for the AWS Load Balancer Controller: it makes load balancers in the stage's AWS for services and ingresses.
package main

import (
	"log"
	"net/http"
	"os"
	"strings"
	"time"
)

const certificates = "/tmp/k8s-webhook-server/serving-certs/"

// Flags are taken as `--name=value`; those that mean nothing here are accepted all the same.
func flags() map[string]string {
	found := map[string]string{}
	for _, word := range os.Args[1:] {
		name, value, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		found[name] = value
	}
	return found
}

func main() {
	given := flags()
	if given["cluster-name"] == "" {
		log.Fatal("--cluster-name is required")
	}
	go serveHealth()
	go serveWebhooks()
	cluster, err := newCluster()
	if err != nil {
		log.Fatal(err)
	}
	controller := &controller{
		cluster: cluster, aws: newAWS(given["aws-region"]), name: given["cluster-name"], vpc: given["aws-vpc-id"],
		ingressClass: given["ingress-class"], tags: pairs(given["default-tags"]), done: map[string]string{},
	}
	for {
		if cluster.leads() {
			controller.round()
		}
		time.Sleep(time.Second)
	}
}

func serveHealth() {
	fine := func(http.ResponseWriter, *http.Request) {}
	routes := http.NewServeMux()
	routes.HandleFunc("/healthz", fine)
	routes.HandleFunc("/readyz", fine)
	log.Fatal(http.ListenAndServe(":61779", routes))
}

func serveWebhooks() {
	log.Fatal(http.ListenAndServeTLS(":9443", certificates+"tls.crt", certificates+"tls.key", http.HandlerFunc(admit)))
}

func pairs(text string) map[string]string {
	found := map[string]string{}
	for _, pair := range strings.Split(text, ",") {
		if key, value, is := strings.Cut(pair, "="); is {
			found[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return found
}
