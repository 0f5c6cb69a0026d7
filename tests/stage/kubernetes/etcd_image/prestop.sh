#!/bin/bash
# As the official one: nothing is done.
