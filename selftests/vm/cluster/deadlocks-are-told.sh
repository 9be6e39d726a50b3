#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Two processes that wait for each other's fcntl locks: one of them is told, wherever they are.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
: >"$MNT0/f"
for pair in "0 1" "1 0" "0 0" "1 1"; do
	read -r a b <<<"$pair"
	plock deadlock "$(mnt_of "$a")/f" "$(mnt_of "$b")/f" || fail "mounts $pair"
done
end_cluster
