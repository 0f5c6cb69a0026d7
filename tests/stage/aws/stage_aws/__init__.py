"""An honest local AWS: moto for most services, our own MSK and EKS, on virtual time."""

ACCOUNT = "123456789012"
REGION = "us-west-2"
