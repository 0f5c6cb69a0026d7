// A stand-in for OpenShift's admission of pods by the SecurityContextConstraints `restricted-v2`, as webhooks: /mutate fills in,
// /validate wants nothing left to fill in. scc ADDRESS CERTIFICATE KEY KUBECONFIG
//
// Its rules are those of openshift/apiserver-library-go (pkg/securitycontextconstraints) and the constraints in
// openshift/cluster-kube-apiserver-operator (bindata/bootkube/scc-manifests).
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"reflect"
	"strings"
	"time"
)

type review struct {
	APIVersion string   `json:"apiVersion"`
	Kind       string   `json:"kind"`
	Request    *request `json:"request,omitempty"`
	Response   *verdict `json:"response,omitempty"`
}

type request struct {
	UID       string          `json:"uid"`
	Namespace string          `json:"namespace"`
	Object    json.RawMessage `json:"object"`
}

type verdict struct {
	UID       string  `json:"uid"`
	Allowed   bool    `json:"allowed"`
	Status    *status `json:"status,omitempty"`
	PatchType string  `json:"patchType,omitempty"`
	Patch     []byte  `json:"patch,omitempty"`
}

type status struct {
	Message string `json:"message"`
	Code    int    `json:"code"`
}

func main() {
	cluster, err := newCluster(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/mutate", func(answer http.ResponseWriter, asked *http.Request) { admit(cluster, true, answer, asked) })
	http.HandleFunc("/validate", func(answer http.ResponseWriter, asked *http.Request) { admit(cluster, false, answer, asked) })
	log.Fatal(http.ListenAndServeTLS(os.Args[1], os.Args[2], os.Args[3], nil))
}

func admit(cluster *cluster, mutate bool, answer http.ResponseWriter, asked *http.Request) {
	var about review
	if err := json.NewDecoder(asked.Body).Decode(&about); err != nil || about.Request == nil {
		http.Error(answer, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	said := judge(cluster, mutate, about.Request)
	said.UID = about.Request.UID
	answer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(answer).Encode(review{APIVersion: about.APIVersion, Kind: about.Kind, Response: said})
}

func judge(cluster *cluster, mutate bool, about *request) *verdict {
	refused := func(why string) *verdict {
		message := "unable to validate against any security context constraint: [provider restricted-v2: " + why + "]"
		return &verdict{Status: &status{Message: message, Code: http.StatusForbidden}}
	}
	notes, err := cluster.annotations(about.Namespace)
	if err != nil {
		return refused(err.Error())
	}
	given, err := allotment(notes)
	if err != nil {
		return refused(err.Error())
	}
	var before, after object
	for _, into := range []*object{&before, &after} {
		if err := json.Unmarshal(about.Object, into); err != nil {
			return refused(err.Error())
		}
	}
	if faults := restrict(after, given); len(faults) > 0 {
		return refused(strings.Join(faults, ", "))
	}
	if !mutate {
		if !reflect.DeepEqual(before, after) {
			return refused("the pod is not as this constraint makes it")
		}
		return &verdict{Allowed: true}
	}
	inner(inner(after, "metadata"), "annotations")[sccNote] = "restricted-v2"
	patch, err := json.Marshal([]object{
		{"op": "add", "path": "/spec", "value": after["spec"]},
		{"op": "add", "path": "/metadata/annotations", "value": inner(after, "metadata")["annotations"]},
	})
	if err != nil {
		return refused(err.Error())
	}
	return &verdict{Allowed: true, PatchType: "JSONPatch", Patch: patch}
}

// The API server, as the administrator of a kubeconfig with everything in it.
type cluster struct {
	server string
	client *http.Client
}

func newCluster(path string) (*cluster, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server    string
				Authority []byte `json:"certificate-authority-data"`
			}
		}
		Users []struct {
			User struct {
				Certificate []byte `json:"client-certificate-data"`
				Key         []byte `json:"client-key-data"`
			}
		}
	}
	if err := json.Unmarshal(bytes, &config); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	place, user := config.Clusters[0].Cluster, config.Users[0].User
	pair, err := tls.X509KeyPair(user.Certificate, user.Key)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(place.Authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}
	return &cluster{place.Server, &http.Client{Transport: transport, Timeout: 5 * time.Second}}, nil
}

func (c *cluster) annotations(namespace string) (map[string]string, error) {
	answer, err := c.client.Get(c.server + "/api/v1/namespaces/" + namespace)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var found struct {
		Metadata struct{ Annotations map[string]string }
	}
	err = json.NewDecoder(answer.Body).Decode(&found)
	return found.Metadata.Annotations, err
}
