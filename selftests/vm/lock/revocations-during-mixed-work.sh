#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# With locks revoked at random, parallel creates, renames, writes and maps stay right.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol --group-inodes=64
mount_vol lock=revoke
share=2
[ "$TEST_LONG" = 0 ] || share=1
grep -q "lock=revoke" /proc/mounts || fail "lock=revoke is not shown"
count=/sys/module/scoutfs_lock_revoke/parameters/nr_revokes
before=$(<$count)
pids=()
for seed in 1 2; do
	fsx -s $((seed + 20)) -n $((800 / share)) "$MNT/fsx$seed" &
	pids+=($!)
done
(
	mkdir "$MNT/many"
	manyfiles create "$MNT/many" $((300 / share)) 2
	manyfiles stat "$MNT/many" $((300 / share)) 2
) &
pids+=($!)
(
	cd "$MNT" || exit
	mkdir ring
	mkdir ring/{0..4}
	: >ring/0/ball
	for i in $(seq 0 $((150 / share - 1))); do
		mv ring/$((i % 5))/ball ring/$(((i + 1) % 5))/ball
	done
	[ -e ring/0/ball ] || exit 1
) &
pids+=($!)
(
	for i in $(seq $((60 / share))); do
		echo "$i" >"$MNT/new"
		mv "$MNT/new" "$MNT/current"
		[ "$(<"$MNT/current")" = "$i" ] || exit 1
		cp /etc/services "$MNT/copy"
		cmp /etc/services "$MNT/copy" || exit 1
		setfattr -n user.nr -v "$i" "$MNT/copy"
		[ "$(getfattr --only-values -n user.nr --absolute-names "$MNT/copy")" = "$i" ] || exit 1
	done
) &
pids+=($!)
bad=0
for pid in "${pids[@]}"; do
	wait "$pid" || bad=1
done
[ $bad = 0 ] || fail "a worker failed"
revoked=$(($(<$count) - before))
say "$revoked revocations"
[ $revoked -gt $((200 / share)) ] || fail "only $revoked revocations"
manyfiles stat "$MNT/many" $((300 / share)) 2
remount_vol lock=revoke
share=2
[ "$TEST_LONG" = 0 ] || share=1
manyfiles stat "$MNT/many" $((300 / share)) 2
cmp /etc/services "$MNT/copy"
[ "$(find "$MNT/ring" -name ball)" = "$MNT/ring/0/ball" ] || fail "the ball is lost"
end_clean
