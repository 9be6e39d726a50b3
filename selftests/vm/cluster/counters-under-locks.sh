#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Processes of three mounts count in one file, each time under a lock: nothing is lost, and nobody starves.
. "$(dirname "$0")/../../lib.sh"

setup_cluster 3
rounds=40
for type in posix ofd flock; do
	start=$SECONDS
	pids=()
	for i in 0 0 1 1 2 2; do
		plock count $type "$(mnt_of $i)/$type" $rounds & pids+=($!)
	done
	wait_all "${pids[@]}"
	for i in 0 1 2; do
		nr=$(od -An -t u8 "$(mnt_of $i)/$type" | tr -d ' ')
		[ "$nr" = $((6 * rounds)) ] || fail "$type: $nr of $((6 * rounds))"
	done
	say "$type: $((6 * rounds)) in $((SECONDS - start)) s"
done
end_cluster
