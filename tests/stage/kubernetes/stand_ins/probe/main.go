// What a pod of the checks runs: it takes its role and reads objects by S3's own names. probe BUCKET KEY...
package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	token, err := os.ReadFile(os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE"))
	fail(err)
	region := os.Getenv("AWS_REGION")
	answer, err := http.PostForm("https://sts."+region+".amazonaws.com/", url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {os.Getenv("AWS_ROLE_ARN")},
		"RoleSessionName": {"probe"}, "WebIdentityToken": {strings.TrimSpace(string(token))},
	})
	fail(err)
	said, err := io.ReadAll(answer.Body)
	fail(err)
	var made struct {
		Key string `xml:"AssumeRoleWithWebIdentityResult>Credentials>AccessKeyId"`
	}
	fail(xml.Unmarshal(said, &made))
	host := os.Args[1] + ".s3." + region + ".amazonaws.com"
	for _, key := range os.Args[2:] {
		fmt.Println(key+":", get("https://"+host+"/"+key, made.Key, region))
	}
	fmt.Println("nobody:", get("https://"+host+"/"+os.Args[2], "AKIANOBODY", region))
}

func get(address, key, region string) string {
	request, err := http.NewRequest("GET", address, nil)
	fail(err)
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260101/"+region+"/s3/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(request)
	fail(err)
	said, err := io.ReadAll(answer.Body)
	fail(err)
	return fmt.Sprint(answer.StatusCode, " ", string(said))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
