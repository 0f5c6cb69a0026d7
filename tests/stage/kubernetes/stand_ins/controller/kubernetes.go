package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"
)

const (
	account   = "/var/run/secrets/kubernetes.io/serviceaccount/"
	leasePath = "/apis/coordination.k8s.io/v1/namespaces/%s/leases"
	leaseName = "aws-load-balancer-controller-leader"
	leaseFor  = 15 * time.Second
	micro     = "2006-01-02T15:04:05.000000Z07:00"
)

// A service or an ingress, as far as it is looked at.
type object struct {
	Metadata struct {
		Name, Namespace   string
		DeletionTimestamp string
		Annotations       map[string]string
		Labels            map[string]string
		Finalizers        []string
	} `json:"metadata"`
	Spec struct {
		Type, LoadBalancerClass, IngressClassName string
		Ports                                     []servicePort
		DefaultBackend                            *backend
		Rules                                     []struct {
			HTTP struct{ Paths []struct{ Backend backend } }
		}
	} `json:"spec"`
	Status struct {
		LoadBalancer struct{ Ingress []struct{ Hostname string } }
	} `json:"status"`
}

type servicePort struct {
	Name string
	Port int
}

type backend struct {
	Service struct {
		Name string
		Port struct {
			Name   string
			Number int
		}
	}
}

type slice struct {
	Metadata struct {
		Namespace string
		Labels    map[string]string
	}
	Ports []struct {
		Name string
		Port int
	}
	Endpoints []struct {
		Addresses  []string
		Conditions struct{ Ready *bool }
	}
}

type cluster struct {
	base, me, namespace string
	client              *http.Client
}

func newCluster() (*cluster, error) {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, err
	}
	namespace, err := os.ReadFile(account + "namespace")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	me, err := os.Hostname()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	base := "https://" + os.Getenv("KUBERNETES_SERVICE_HOST") + ":" + os.Getenv("KUBERNETES_SERVICE_PORT")
	return &cluster{base, me, string(namespace), &http.Client{Transport: transport, Timeout: 10 * time.Second}}, err
}

// One call; an answer of 404 is no error and leaves `into` alone.
func (c *cluster) call(method, path, kind string, body, into any) (int, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequest(method, c.base+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	// The kubelet renews it.
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Content-Type", kind)
	answer, err := c.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	switch {
	case err != nil:
		return answer.StatusCode, err
	case answer.StatusCode == http.StatusNotFound:
		return answer.StatusCode, nil
	case answer.StatusCode >= 300:
		return answer.StatusCode, fmt.Errorf("%s %s: %s", method, path, said)
	case into == nil:
		return answer.StatusCode, nil
	}
	return answer.StatusCode, json.Unmarshal(said, into)
}

func list[T any](c *cluster, path string) ([]T, error) {
	var found struct{ Items []T }
	_, err := c.call("GET", path, "", nil, &found)
	return found.Items, err
}

func (c *cluster) merge(path string, patch any) error {
	_, err := c.call("PATCH", path, "application/merge-patch+json", patch, nil)
	return err
}

// Whether this pod is the one that acts, by the lease that the real controller uses too.
func (c *cluster) leads() bool {
	path := fmt.Sprintf(leasePath, c.namespace)
	var lease map[string]any
	status, err := c.call("GET", path+"/"+leaseName, "", nil, &lease)
	if err != nil {
		log.Print(err)
		return false
	}
	now := time.Now().UTC()
	spec := map[string]any{
		"holderIdentity": c.me, "renewTime": now.Format(micro), "leaseDurationSeconds": int(leaseFor.Seconds()),
	}
	method := "POST"
	if status == http.StatusNotFound {
		lease = map[string]any{
			"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": map[string]any{"name": leaseName},
		}
	} else {
		held, _ := lease["spec"].(map[string]any)
		renewed, _ := held["renewTime"].(string)
		at, _ := time.Parse(time.RFC3339, renewed)
		mine := held["holderIdentity"] == c.me
		if !mine && now.Sub(at) < leaseFor {
			return false
		}
		if mine && now.Sub(at) < leaseFor/3 {
			return true
		}
		method, path = "PUT", path+"/"+leaseName
	}
	lease["spec"] = spec
	if _, err := c.call(method, path, "application/json", lease, nil); err != nil {
		log.Print(err)
		return false
	}
	return true
}
