"""`python -m stage_aws --host 127.0.0.1 --port 0` prints `listening on PORT` and serves."""

import argparse
import ctypes
import ipaddress
import os
import signal
import ssl
import stat
import sys
import threading

# Read when moto is imported.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
PR_SET_PDEATHSIG = 1


def arguments():
    parser = argparse.ArgumentParser(prog="stage_aws")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--kafka-bootstrap", help="HOST:PORT that every cluster gives as its brokers")
    parser.add_argument("--kubernetes-endpoint", help="URL that every EKS cluster gives as its endpoint")
    parser.add_argument("--kubernetes-ca", help="PEM file of that endpoint's CA")
    parser.add_argument("--kubernetes-issuer-id", help="what EKS's OIDC issuer ends with, if the API server signs in its name")
    parser.add_argument("--kubernetes-issuer-key", help="PEM file of the public key that it signs tokens with")
    parser.add_argument("--kafka-users", help="JSON file with the command that makes and removes the broker's logins")
    parser.add_argument("--kubeconfig", help="administrator's kubeconfig, to look up pods' service accounts")
    parser.add_argument("--trust-dir", help="folder of the node that pods with a role see as /etc/ssl")
    parser.add_argument("--tls-cert", help="PEM file: serve TLS too")
    parser.add_argument("--tls-port", type=int, default=443)
    parser.add_argument("--tls-key", help="PEM file of its key")
    parser.add_argument("--in-stage", action="store_true", help="in the stage's own network: any host, and it ends with the stage")
    found = parser.parse_args()
    if not found.in_stage and not ipaddress.ip_address(found.host).is_loopback:
        parser.error("--host must be a loopback address")
    return found


def die_with_parent():
    """Ends with the pipe on stdin, if there is one, else with the thread that started this process."""
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_end_with_stdin, daemon=True).start()
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The parent may have ended before we asked.
    if os.getppid() != parent:
        sys.exit(1)


def _end_with_stdin():
    while os.read(0, 4096):
        pass
    os._exit(0)


def main():
    options = arguments()
    if not options.in_stage:
        die_with_parent()
    from . import quick  # noqa: F401, I001  before moto is imported
    from . import app, http

    app.STAGE.options = vars(options)
    app.STAGE.reset()
    listener, port = http.listen(options.host, options.port)
    if options.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
        secure, _ = http.listen(options.host, options.tls_port)
        threading.Thread(target=http.serve, args=(secure, app.handle, context), daemon=True).start()
    print(f"listening on {port}", flush=True)
    http.serve(listener, app.handle)


if __name__ == "__main__":
    main()
