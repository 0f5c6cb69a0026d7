package main

import (
	"encoding/json"
	"net/http"
)

type review struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    *struct {
		UID    string `json:"uid"`
		Object object `json:"object"`
	} `json:"request,omitempty"`
	Response *verdict `json:"response,omitempty"`
}

type verdict struct {
	UID       string `json:"uid"`
	Allowed   bool   `json:"allowed"`
	PatchType string `json:"patchType,omitempty"`
	Patch     []byte `json:"patch,omitempty"`
}

// Everything is admitted; services of type LoadBalancer without a class get the controller's.
func admit(answer http.ResponseWriter, request *http.Request) {
	var asked review
	if err := json.NewDecoder(request.Body).Decode(&asked); err != nil || asked.Request == nil {
		http.Error(answer, "no AdmissionReview", http.StatusBadRequest)
		return
	}
	said := &verdict{UID: asked.Request.UID, Allowed: true}
	spec := asked.Request.Object.Spec
	if request.URL.Path == "/mutate-v1-service" && spec.Type == "LoadBalancer" && spec.LoadBalancerClass == "" {
		said.PatchType = "JSONPatch"
		said.Patch = []byte(`[{"op":"add","path":"/spec/loadBalancerClass","value":"` + serviceClass + `"}]`)
	}
	answer.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(answer).Encode(review{APIVersion: asked.APIVersion, Kind: asked.Kind, Response: said})
}
