#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The netlink specs say what header and kernel have; prints TAP.
here=$(cd "$(dirname "$0")" && pwd)
exec python3 "$here/netlink_spec.py" "${1:-$here/../..}"
