package main

import (
	"fmt"
	"slices"
	"sort"
)

func (c *controller) serviceListeners(one object, all []slice) []listener {
	var found []listener
	for _, port := range one.Spec.Ports {
		target, targets := endpoints(one.Metadata.Namespace, one.Metadata.Name, port.Name, all)
		group := fmt.Sprintf("%s-%d", unique(one, c.name, "group"), port.Port%1000)
		found = append(found, listener{port.Port, max(target, 1), group, targets})
	}
	return found
}

// All of an ingress goes to its first backend.
func (c *controller) ingressListeners(one object, services []object, all []slice) []listener {
	first := one.Spec.DefaultBackend
	for _, rule := range one.Spec.Rules {
		for _, path := range rule.HTTP.Paths {
			if first == nil {
				first = &path.Backend
			}
		}
	}
	if first == nil {
		return nil
	}
	index := slices.IndexFunc(services, func(service object) bool {
		return service.Metadata.Namespace == one.Metadata.Namespace && service.Metadata.Name == first.Service.Name
	})
	if index < 0 {
		return nil
	}
	for _, port := range services[index].Spec.Ports {
		if port.Port == first.Service.Port.Number || port.Name != "" && port.Name == first.Service.Port.Name {
			target, targets := endpoints(one.Metadata.Namespace, first.Service.Name, port.Name, all)
			return []listener{{80, max(target, 1), unique(one, c.name, "group") + "-80", targets}}
		}
	}
	return nil
}

// The port of a service's pods, and the addresses with it of those that are ready.
func endpoints(namespace, service, port string, all []slice) (int, []string) {
	number := 0
	var found []string
	for _, one := range all {
		if one.Metadata.Namespace != namespace || one.Metadata.Labels["kubernetes.io/service-name"] != service {
			continue
		}
		for _, offered := range one.Ports {
			if offered.Name != port {
				continue
			}
			number = offered.Port
			for _, endpoint := range one.Endpoints {
				if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
					found = append(found, fmt.Sprintf("%s:%d", endpoint.Addresses[0], offered.Port))
				}
			}
		}
	}
	sort.Strings(found)
	return number, slices.Compact(found)
}
