package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const serviceClass = "service.k8s.aws/nlb"

type controller struct {
	cluster                 *cluster
	aws                     *aws
	name, vpc, ingressClass string
	tags                    map[string]string
	// What was last made whole of each object, so that nothing is asked of AWS while nothing changes.
	done map[string]string
}

// What tells a service's load balancer from an ingress's.
type kind struct {
	path, finalizer, stack, prefix, typ string
}

var (
	serviceKind = kind{"/api/v1", "service.k8s.aws/resources", "service.k8s.aws/stack", "service.beta.kubernetes.io/aws-load-balancer-", "network"}
	ingressKind = kind{"/apis/networking.k8s.io/v1", "ingress.k8s.aws/resources", "ingress.k8s.aws/stack", "alb.ingress.kubernetes.io/", "application"}
)

// A load balancer as it shall be.
type wanted struct {
	Name, Scheme string
	Subnets      []string
	Tags         map[string]string
	Listeners    []listener
}

type listener struct {
	Port, TargetPort int
	Group            string
	Targets          []string
}

func (c *controller) round() {
	services, err := list[object](c.cluster, "/api/v1/services")
	if err != nil {
		log.Print(err)
		return
	}
	ingresses, err := list[object](c.cluster, "/apis/networking.k8s.io/v1/ingresses")
	if err != nil {
		log.Print(err)
		return
	}
	slices, err := list[slice](c.cluster, "/apis/discovery.k8s.io/v1/endpointslices")
	if err != nil {
		log.Print(err)
		return
	}
	for _, one := range services {
		if one.Spec.LoadBalancerClass == serviceClass && one.Spec.Type == "LoadBalancer" || has(one, serviceKind) {
			c.one(serviceKind, "services", one, c.serviceListeners(one, slices))
		}
	}
	for _, one := range ingresses {
		if one.Spec.IngressClassName == c.ingressClass || has(one, ingressKind) {
			c.one(ingressKind, "ingresses", one, c.ingressListeners(one, services, slices))
		}
	}
}

func has(one object, k kind) bool { return slices.Contains(one.Metadata.Finalizers, k.finalizer) }

func (c *controller) one(k kind, plural string, one object, listeners []listener) {
	path := fmt.Sprintf("%s/namespaces/%s/%s/%s", k.path, one.Metadata.Namespace, plural, one.Metadata.Name)
	var err error
	if one.Metadata.DeletionTimestamp != "" {
		if has(one, k) {
			err = c.remove(k, path, one)
		}
	} else {
		err = c.make(k, path, one, listeners)
	}
	if err != nil {
		log.Printf("%s: %v", path, err)
	}
}

func (c *controller) want(k kind, one object, listeners []listener) wanted {
	note := func(name string) string { return one.Metadata.Annotations[k.prefix+name] }
	stack := one.Metadata.Namespace + "/" + one.Metadata.Name
	tags := map[string]string{}
	tagNote, nameNote := "additional-resource-tags", "name"
	if k == ingressKind {
		tagNote, nameNote = "tags", "load-balancer-name"
	}
	for _, some := range []map[string]string{
		c.tags, pairs(note(tagNote)), {"elbv2.k8s.aws/cluster": c.name, k.stack: stack},
	} {
		for key, value := range some {
			tags[key] = value
		}
	}
	name, scheme := note(nameNote), note("scheme")
	if name == "" {
		name = unique(one, c.name, "")
	}
	if scheme == "" {
		scheme = "internal"
	}
	var subnets []string
	if text := note("subnets"); text != "" {
		subnets = strings.Split(strings.ReplaceAll(text, " ", ""), ",")
	}
	return wanted{name, scheme, subnets, tags, listeners}
}

func (c *controller) make(k kind, path string, one object, listeners []listener) error {
	want := c.want(k, one, listeners)
	text, _ := json.Marshal(want)
	stands := len(one.Status.LoadBalancer.Ingress) > 0
	if stands && c.done[path] == string(text) {
		return nil
	}
	if !has(one, k) {
		all := append(one.Metadata.Finalizers, k.finalizer)
		if err := c.cluster.merge(path, map[string]any{"metadata": map[string]any{"finalizers": all}}); err != nil {
			return err
		}
	}
	host, err := c.balancer(k, want)
	if err != nil {
		return err
	}
	if !stands || one.Status.LoadBalancer.Ingress[0].Hostname != host {
		status := map[string]any{"loadBalancer": map[string]any{"ingress": []any{map[string]any{"hostname": host}}}}
		if err := c.cluster.merge(path+"/status", map[string]any{"status": status}); err != nil {
			return err
		}
	}
	c.done[path] = string(text)
	return nil
}

func (c *controller) balancer(k kind, want wanted) (string, error) {
	arn, host, err := c.find(want.Name)
	if err != nil {
		return "", err
	}
	if arn == "" {
		if len(want.Subnets) == 0 {
			if want.Subnets, err = c.aws.subnets(c.vpc, want.Scheme); err != nil {
				return "", err
			}
		}
		form := url.Values{"Name": {want.Name}, "Type": {k.typ}, "Scheme": {want.Scheme}}
		members(form, "Subnets", want.Subnets)
		addTags(form, want.Tags)
		var made struct {
			Balancers []found `xml:"CreateLoadBalancerResult>LoadBalancers>member"`
		}
		if err := c.aws.elb("CreateLoadBalancer", form, &made); err != nil {
			return "", err
		}
		arn, host = made.Balancers[0].LoadBalancerArn, made.Balancers[0].DNSName
	}
	for _, one := range want.Listeners {
		if err := c.listener(k, arn, want, one); err != nil {
			return "", err
		}
	}
	return host, nil
}

type found struct{ LoadBalancerArn, DNSName string }

func (c *controller) find(name string) (string, string, error) {
	var answer struct {
		Balancers []found `xml:"DescribeLoadBalancersResult>LoadBalancers>member"`
	}
	err := c.aws.elb("DescribeLoadBalancers", url.Values{"Names.member.1": {name}}, &answer)
	if absent(err, "LoadBalancerNotFound") || len(answer.Balancers) == 0 {
		return "", "", ignore(err, "LoadBalancerNotFound")
	}
	return answer.Balancers[0].LoadBalancerArn, answer.Balancers[0].DNSName, err
}

func (c *controller) group(name string) (string, error) {
	var answer struct {
		ARNs []string `xml:"DescribeTargetGroupsResult>TargetGroups>member>TargetGroupArn"`
	}
	err := c.aws.elb("DescribeTargetGroups", url.Values{"Names.member.1": {name}}, &answer)
	if absent(err, "TargetGroupNotFound") || len(answer.ARNs) == 0 {
		return "", ignore(err, "TargetGroupNotFound")
	}
	return answer.ARNs[0], err
}

func (c *controller) listener(k kind, arn string, want wanted, one listener) error {
	protocol := "TCP"
	if k == ingressKind {
		protocol = "HTTP"
	}
	group, err := c.group(one.Group)
	if err != nil {
		return err
	}
	if group == "" {
		form := url.Values{
			"Name": {one.Group}, "Protocol": {protocol}, "Port": {strconv.Itoa(one.TargetPort)}, "VpcId": {c.vpc}, "TargetType": {"ip"},
		}
		addTags(form, want.Tags)
		var made struct {
			ARNs []string `xml:"CreateTargetGroupResult>TargetGroups>member>TargetGroupArn"`
		}
		if err := c.aws.elb("CreateTargetGroup", form, &made); err != nil {
			return err
		}
		group = made.ARNs[0]
	}
	if err := c.targets(group, one.Targets); err != nil {
		return err
	}
	var answer struct {
		Ports []int `xml:"DescribeListenersResult>Listeners>member>Port"`
	}
	if err := c.aws.elb("DescribeListeners", url.Values{"LoadBalancerArn": {arn}}, &answer); err != nil {
		return err
	}
	if slices.Contains(answer.Ports, one.Port) {
		return nil
	}
	form := url.Values{
		"LoadBalancerArn": {arn}, "Protocol": {protocol}, "Port": {strconv.Itoa(one.Port)},
		"DefaultActions.member.1.Type": {"forward"}, "DefaultActions.member.1.TargetGroupArn": {group},
	}
	addTags(form, want.Tags)
	return c.aws.elb("CreateListener", form, nil)
}

// Registers the pods that are ready, and nothing else stays registered.
func (c *controller) targets(group string, want []string) error {
	var answer struct {
		Targets []struct{ Id, Port string } `xml:"DescribeTargetHealthResult>TargetHealthDescriptions>member>Target"`
	}
	if err := c.aws.elb("DescribeTargetHealth", url.Values{"TargetGroupArn": {group}}, &answer); err != nil {
		return err
	}
	var there []string
	for _, one := range answer.Targets {
		there = append(there, one.Id+":"+one.Port)
	}
	for action, lists := range map[string][2][]string{"RegisterTargets": {want, there}, "DeregisterTargets": {there, want}} {
		form, count := url.Values{"TargetGroupArn": {group}}, 0
		for _, target := range lists[0] {
			if slices.Contains(lists[1], target) {
				continue
			}
			count++
			address, port, _ := strings.Cut(target, ":")
			form.Set(fmt.Sprintf("Targets.member.%d.Id", count), address)
			form.Set(fmt.Sprintf("Targets.member.%d.Port", count), port)
		}
		if count > 0 {
			if err := c.aws.elb(action, form, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *controller) remove(k kind, path string, one object) error {
	// By name, since a controller that was started anew knows nothing else.
	want := c.want(k, one, nil)
	arn, _, err := c.find(want.Name)
	if err != nil {
		return err
	}
	var groups struct {
		Found []struct{ TargetGroupArn, TargetGroupName string } `xml:"DescribeTargetGroupsResult>TargetGroups>member"`
	}
	if err := c.aws.elb("DescribeTargetGroups", url.Values{}, &groups); err != nil {
		return err
	}
	if arn != "" {
		if err := c.aws.elb("DeleteLoadBalancer", url.Values{"LoadBalancerArn": {arn}}, nil); err != nil {
			return err
		}
	}
	prefix := unique(one, c.name, "group")
	for _, group := range groups.Found {
		if strings.HasPrefix(group.TargetGroupName, prefix) {
			if err := c.aws.elb("DeleteTargetGroup", url.Values{"TargetGroupArn": {group.TargetGroupArn}}, nil); err != nil {
				return err
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(one.Metadata.Finalizers), func(name string) bool { return name == k.finalizer })
	delete(c.done, path)
	return c.cluster.merge(path, map[string]any{"metadata": map[string]any{"finalizers": rest}})
}

func absent(err error, code string) bool {
	var of *awsError
	return errors.As(err, &of) && strings.HasPrefix(of.Code, code)
}

func ignore(err error, code string) error {
	if absent(err, code) {
		return nil
	}
	return err
}

var unfit = regexp.MustCompile("[^a-z0-9]")

// `k8s-namespac-name-hash`, of at most 28 characters.
func unique(one object, cluster, what string) string {
	short := func(text string) string {
		text = unfit.ReplaceAllString(text, "")
		return text[:min(len(text), 8)]
	}
	sum := sha256.Sum256([]byte(cluster + "/" + one.Metadata.Namespace + "/" + one.Metadata.Name + "/" + what))
	return fmt.Sprintf("k8s-%s-%s-%s", short(one.Metadata.Namespace), short(one.Metadata.Name), hex.EncodeToString(sum[:])[:6])
}
