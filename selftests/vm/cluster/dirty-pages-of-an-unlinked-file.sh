#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What was written to a file last is there for a mount that has it open, though its writer unlinked and closed it.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 2
head -c 3M /dev/urandom >/tmp/bytes
for n in 0 1; do
	mine=$(mnt_of $n)
	other=$(mnt_of $((1 - n)))
	: >"$mine/f"
	exec 5<"$other/f"
	exec 6>"$mine/f"
	cat /tmp/bytes >&6
	rm "$mine/f"
	exec 6>&-
	cmp /tmp/bytes <(cat <&5) || fail "bytes of mount $n are lost"
	exec 5<&-
done
end_cluster
