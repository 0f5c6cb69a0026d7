"""Gives root a password of its own and makes a user without any right: prepare_users.py URL, passwords in the environment."""

import os
import sys
import time

from pymilvus import MilvusException, connections, utility

url = sys.argv[1]
deadline = time.monotonic() + 30
while True:
    try:
        # The password that every Milvus comes with.
        connections.connect(uri=url, user="root", password="Milvus", timeout=5)
        utility.create_user(os.environ["GUEST"], os.environ["GUEST_PASSWORD"])
        break
    except MilvusException:
        # The coordinator that keeps users may need a moment more than its health endpoint.
        if time.monotonic() > deadline:
            raise
        time.sleep(0.05)
utility.update_password("root", "Milvus", os.environ["ROOT_PASSWORD"])
connections.connect(alias="new", uri=url, user="root", password=os.environ["ROOT_PASSWORD"], timeout=5)
utility.list_collections(using="new")
