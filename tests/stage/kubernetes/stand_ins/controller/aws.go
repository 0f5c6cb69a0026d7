package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sort"
	"strings"
	"time"
)

// The stage's AWS by its real names, with the role of the service account. Signatures name the key and sign nothing:
// the stage does not check them.
type aws struct {
	region, key, token string
	until              time.Time
	client             *http.Client
}

type awsError struct{ Code, Message string }

func (e *awsError) Error() string { return e.Code + ": " + e.Message }

func newAWS(region string) *aws {
	if region == "" {
		region = os.Getenv("AWS_REGION")
	}
	return &aws{region: region, client: &http.Client{Timeout: 30 * time.Second}}
}

func (a *aws) post(service string, form url.Values, into any) error {
	request, err := http.NewRequest("POST", "https://"+service+"."+a.region+".amazonaws.com/", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if service != "sts" {
		date := time.Now().UTC().Format("20060102")
		request.Header.Set("X-Amz-Security-Token", a.token)
		request.Header.Set("Authorization", fmt.Sprintf(
			"AWS4-HMAC-SHA256 Credential=%s/%s/%s/%s/aws4_request, SignedHeaders=host, Signature=0", a.key, date, a.region, service))
	}
	answer, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode >= 300 {
		var found struct {
			Error  awsError
			Errors struct{ Error awsError }
		}
		_ = xml.Unmarshal(said, &found)
		for _, one := range []awsError{found.Error, found.Errors.Error} {
			if one.Code != "" {
				return &one
			}
		}
		return fmt.Errorf("%s: status %d: %s", form.Get("Action"), answer.StatusCode, said)
	}
	return xml.Unmarshal(said, into)
}

func (a *aws) login() error {
	if time.Now().Before(a.until) {
		return nil
	}
	token, err := os.ReadFile(os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"))
	if err != nil {
		return fmt.Errorf("no web identity: is the service account annotated with a role? %w", err)
	}
	var made struct {
		Result struct {
			Credentials struct{ AccessKeyId, SessionToken string }
		} `xml:"AssumeRoleWithWebIdentityResult"`
	}
	err = a.post("sts", url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {os.Getenv("AWS_ROLE_ARN")},
		"RoleSessionName": {"aws-load-balancer-controller"}, "WebIdentityToken": {strings.TrimSpace(string(token))},
	}, &made)
	if err != nil {
		return err
	}
	a.key, a.token = made.Result.Credentials.AccessKeyId, made.Result.Credentials.SessionToken
	a.until = time.Now().Add(40 * time.Minute)
	return nil
}

func (a *aws) call(service, version, action string, form url.Values, into any) error {
	if err := a.login(); err != nil {
		return err
	}
	form.Set("Action", action)
	form.Set("Version", version)
	err := a.post(service, form, into)
	if err != nil {
		return fmt.Errorf("%s: %w", action, err)
	}
	return nil
}

func (a *aws) elb(action string, form url.Values, into any) error {
	if into == nil {
		into = &struct{}{}
	}
	return a.call("elasticloadbalancing", "2015-12-01", action, form, into)
}

func members(form url.Values, name string, values []string) {
	for index, value := range values {
		form.Set(fmt.Sprintf("%s.member.%d", name, index+1), value)
	}
}

func addTags(form url.Values, tags map[string]string) {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for index, key := range keys {
		form.Set(fmt.Sprintf("Tags.member.%d.Key", index+1), key)
		form.Set(fmt.Sprintf("Tags.member.%d.Value", index+1), tags[key])
	}
}

// Subnets of the VPC that are tagged for load balancers of that scheme.
func (a *aws) subnets(vpc, scheme string) ([]string, error) {
	role := "kubernetes.io/role/internal-elb"
	if scheme == "internet-facing" {
		role = "kubernetes.io/role/elb"
	}
	var found struct {
		IDs []string `xml:"subnetSet>item>subnetId"`
	}
	err := a.call("ec2", "2016-11-15", "DescribeSubnets", url.Values{
		"Filter.1.Name": {"vpc-id"}, "Filter.1.Value.1": {vpc}, "Filter.2.Name": {"tag-key"}, "Filter.2.Value.1": {role},
	}, &found)
	if err == nil && len(found.IDs) == 0 {
		err = fmt.Errorf("no subnet of %s has the tag %s", vpc, role)
	}
	return found.IDs, err
}
