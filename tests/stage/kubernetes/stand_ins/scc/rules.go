package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What OpenShift gives a namespace of its own: the annotations of its allocator, read as its admission reads them.
type allotted struct {
	minimum, maximum int64
	fsGroup          int64
	level            string
}

const (
	rangeNote  = "openshift.io/sa.scc.uid-range"
	groupsNote = "openshift.io/sa.scc.supplemental-groups"
	levelNote  = "openshift.io/sa.scc.mcs"
	sccNote    = "openshift.io/scc"
	profile    = "RuntimeDefault"
)

func allotment(notes map[string]string) (allotted, error) {
	var given allotted
	users, err := block(notes[rangeNote])
	if err != nil {
		return given, fmt.Errorf("unable to find pre-allocated uid annotation: %w", err)
	}
	groups := notes[groupsNote]
	if groups == "" {
		groups = notes[rangeNote]
	}
	first, _, _ := strings.Cut(groups, ",")
	group, err := block(first)
	if err != nil {
		return given, fmt.Errorf("unable to find pre-allocated group annotation: %w", err)
	}
	if notes[levelNote] == "" {
		return given, fmt.Errorf("unable to find annotation %s", levelNote)
	}
	// Of the groups the very first is fsGroup's, and no other.
	return allotted{users[0], users[1], group[0], notes[levelNote]}, nil
}

// `START/SIZE` or `START-END`.
func block(text string) ([2]int64, error) {
	separator := "/"
	if !strings.Contains(text, separator) {
		separator = "-"
	}
	left, right, _ := strings.Cut(text, separator)
	start, err := strconv.ParseInt(left, 10, 64)
	if err != nil {
		return [2]int64{}, fmt.Errorf("%q is no block of ids", text)
	}
	end, err := strconv.ParseInt(right, 10, 64)
	if err != nil {
		return [2]int64{}, fmt.Errorf("%q is no block of ids", text)
	}
	if separator == "/" {
		end += start - 1
	}
	return [2]int64{start, end}, nil
}

// An object of JSON: what is not looked at stays as it is.
type object = map[string]any

func inner(of object, key string) object {
	found, is := of[key].(object)
	if !is {
		found = object{}
		of[key] = found
	}
	return found
}

func objects(of object, key string) []object {
	list, _ := of[key].([]any)
	var found []object
	for _, one := range list {
		if one, is := one.(object); is {
			found = append(found, one)
		}
	}
	return found
}

func text(value any) string {
	found, _ := value.(string)
	return found
}

func number(value any) (int64, bool) {
	found, is := value.(float64)
	return int64(found), is
}

// Fills in what restricted-v2 fills in, and says what it forbids. Containers are judged with the pod's settings under their own.
func restrict(pod object, given allotted) []string {
	var faults []string
	refuse := func(path string, value any, why string) {
		faults = append(faults, fmt.Sprintf("%s: Invalid value: %v: %s", path, value, why))
	}
	spec := inner(pod, "spec")
	context := inner(spec, "securityContext")
	if context["seLinuxOptions"] == nil {
		context["seLinuxOptions"] = object{"level": given.level}
	}
	if context["fsGroup"] == nil {
		context["fsGroup"] = float64(given.fsGroup)
	}
	if context["seccompProfile"] == nil {
		context["seccompProfile"] = object{"type": profile}
	}
	for _, key := range []string{"hostPID", "hostNetwork", "hostIPC"} {
		if spec[key] == true {
			refuse("spec."+key, true, "is not allowed to be used")
		}
	}
	if group, is := number(context["fsGroup"]); !is || group != given.fsGroup {
		refuse("spec.securityContext.fsGroup", context["fsGroup"], fmt.Sprintf("%v is not an allowed group", context["fsGroup"]))
	}
	selinux("spec.securityContext", context, given, refuse)
	seccomp("spec.securityContext", context, refuse)
	for _, setting := range objects(context, "sysctls") {
		if !slices.Contains(safe, text(setting["name"])) {
			refuse("spec.securityContext.sysctls", setting["name"], "unsafe sysctl is not allowed")
		}
	}
	for index, volume := range objects(spec, "volumes") {
		for kind := range volume {
			if kind != "name" && !slices.Contains(volumes, kind) {
				refuse(fmt.Sprintf("spec.volumes[%d]", index), kind, kind+" volumes are not allowed to be used")
			}
		}
	}
	for _, kind := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for index, container := range objects(spec, kind) {
			path := fmt.Sprintf("spec.%s[%d].securityContext", kind, index)
			restrictContainer(path, container, context, given, refuse)
		}
	}
	return faults
}

var (
	volumes = []string{"configMap", "downwardAPI", "emptyDir", "persistentVolumeClaim", "projected", "secret", "ephemeral"}
	safe    = []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
	}
)

func restrictContainer(path string, container, ofPod object, given allotted, refuse func(string, any, string)) {
	context := inner(container, "securityContext")
	effective := func(key string) any {
		if context[key] != nil {
			return context[key]
		}
		return ofPod[key]
	}
	if effective("runAsUser") == nil {
		context["runAsUser"] = float64(given.minimum)
	}
	user, _ := number(effective("runAsUser"))
	if user < given.minimum || user > given.maximum {
		refuse(path+".runAsUser", user, fmt.Sprintf("must be in the ranges: [%d, %d]", given.minimum, given.maximum))
	}
	if effective("runAsNonRoot") == nil && user > 0 {
		context["runAsNonRoot"] = true
	}
	capabilities := inner(context, "capabilities")
	dropped, _ := capabilities["drop"].([]any)
	if !slices.Contains(dropped, any("ALL")) {
		capabilities["drop"] = append([]any{"ALL"}, dropped...)
	}
	added, _ := capabilities["add"].([]any)
	for _, name := range added {
		if name != "NET_BIND_SERVICE" {
			refuse(path+".capabilities.add", name, "capability may not be added")
		}
	}
	if context["allowPrivilegeEscalation"] == nil {
		context["allowPrivilegeEscalation"] = false
	}
	if context["allowPrivilegeEscalation"] == true {
		refuse(path+".allowPrivilegeEscalation", true, "Allowing privilege escalation for containers is not allowed")
	}
	if context["privileged"] == true {
		refuse(path+".privileged", true, "Privileged containers are not allowed")
	}
	if context["seLinuxOptions"] != nil {
		selinux(path, context, given, refuse)
	}
	if context["seccompProfile"] != nil {
		seccomp(path, context, refuse)
	}
	for _, port := range objects(container, "ports") {
		if port, is := number(port["hostPort"]); is && port > 0 {
			refuse(path+".hostPort", port, "Host ports are not allowed to be used")
		}
	}
}

func selinux(path string, context object, given allotted, refuse func(string, any, string)) {
	options := inner(context, "seLinuxOptions")
	if level := text(options["level"]); !sameLevel(level, given.level) {
		refuse(path+".seLinuxOptions.level", level, "must be "+given.level)
	}
	for _, key := range []string{"role", "type", "user"} {
		if text(options[key]) != "" {
			refuse(path+".seLinuxOptions."+key, options[key], "must be ")
		}
	}
}

// The order of categories does not count.
func sameLevel(one, other string) bool {
	sorted := func(level string) (string, []string) {
		sensitivity, categories, _ := strings.Cut(level, ":")
		parts := strings.Split(categories, ",")
		slices.Sort(parts)
		return sensitivity, parts
	}
	left, lefts := sorted(one)
	right, rights := sorted(other)
	return left == right && slices.Equal(lefts, rights)
}

func seccomp(path string, context object, refuse func(string, any, string)) {
	if kind := text(inner(context, "seccompProfile")["type"]); kind != profile {
		refuse(path+".seccompProfile", kind, kind+" is not an allowed seccomp profile. Valid values are [runtime/default]")
	}
}
