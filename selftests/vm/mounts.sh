# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several mounts of one volume in one kernel; sourced by lib.sh.
#
# Each mount has a device-mapper alias of each device, and its own mount point
# $MNT0, $MNT1, ... A mount with a quorum slot has the slot of its own number, at
# a port of the loopback address $CLUSTER_ADDR.

CLUSTER_PORT=19000
CLUSTER_ADDR=127.0.0.1
export MNT0=/mnt/test0 MNT1=/mnt/test1 MNT2=/mnt/test2 MNT3=/mnt/test3

# cluster_devs COUNT: the aliases /dev/mapper/metaN and dataN, N from 0
cluster_devs() {
	local i name

	for ((i = 0; i < $1; i++)); do
		for name in meta data; do
			[ ! -e "/dev/mapper/$name$i" ] || continue
			dmsetup create "$name$i" --table \
				"0 $(blockdev --getsz "/dev/sfs-$name") linear /dev/sfs-$name 0"
		done
	done
}

# mkfs_cluster SLOTS [OPTION]...: a new volume with that many quorum slots
mkfs_cluster() {
	local slots=$1 i
	local -a quorum=()
	shift

	for ((i = 0; i < slots; i++)); do
		quorum+=(-Q "$i,$CLUSTER_ADDR,$((CLUSTER_PORT + i))")
	done
	# an alias has its device in use
	for i in /dev/mapper/{meta,data}[0-9]; do
		[ ! -e "$i" ] || dmsetup remove --retry "${i##*/}"
	done
	CLUSTER_SLOTS=$slots
	mkfs_vol "${quorum[@]}" "$@"
}

# mnt_of N
mnt_of() {
	echo "/mnt/test$1"
}

# mount_nth N [OPTIONS]: waits for a leader, so with three slots and more the
# first ones have to be mounted in parallel: see mount_all
mount_nth() {
	local opts=metadev_path=/dev/mapper/meta$1

	[ "$1" -ge "${CLUSTER_SLOTS:-0}" ] || opts+=,quorum_slot_nr=$1
	cluster_devs $(($1 + 1))
	mkdir -p "$(mnt_of "$1")"
	mount -t scoutfs -o "$opts${2:+,$2}" "/dev/mapper/data$1" "$(mnt_of "$1")"
}

umount_nth() {
	umount "$(mnt_of "$1")"
}

# wait_all PID...: every one must succeed
wait_all() {
	local pid ret=0

	for pid in "$@"; do
		wait "$pid" || ret=$?
	done
	return $ret
}

# mount_all COUNT [OPTIONS]: 0 to COUNT - 1, in parallel
mount_all() {
	local count=$1 i
	local -a pids=()
	shift

	cluster_devs "$count"
	for ((i = 0; i < count; i++)); do
		mount_nth "$i" "$@" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
}

# setup_cluster COUNT [OPTIONS]: a new volume, mounted COUNT times, all with slots
setup_cluster() {
	mkfs_cluster "$1"
	mount_all "$@"
}

# umount_all: all that are mounted, in parallel
umount_all() {
	local mnt
	local -a pids=()

	for mnt in /mnt/test[0-9]; do
		grep -q "^[^ ]* $mnt " /proc/self/mounts || continue
		umount "$mnt" &
		pids+=($!)
	done
	wait_all "${pids[@]}"
}

# End of a test: all unmount, and the volume is clean.
end_cluster() {
	umount_all
	check_vol
}

# sysfs_of N: the directory of a mount, found by its data device
sysfs_of() {
	local dir dev

	dev=$(stat -Lc %Hr:%Lr "/dev/mapper/data$1")
	for dir in /sys/fs/scoutfs/*/; do
		if [ "$(cat "$dir/data_device_maj_min" 2>/dev/null)" = "$dev" ]; then
			echo "${dir%/}"
			return
		fi
	done
	return 1
}

rid_of() {
	cat "$(sysfs_of "$1")/rid"
}

is_leader() {
	[ "$(cat "$(sysfs_of "$1")/quorum/is_leader" 2>/dev/null)" = 1 ]
}

# leader_nr: N of the mount that leads
leader_nr() {
	local i

	for i in 0 1 2 3; do
		! is_leader "$i" 2>/dev/null || { echo "$i"; return; }
	done
	return 1
}

# Waits for one to lead and prints it.
wait_leader() {
	wait_until "${1:-30}" leader_nr >/dev/null
	leader_nr
}

# rounds COUNT: files that one mount writes and another reads; TOOK_MS is how long
# it took
rounds() {
	local i start

	start=$(date +%s%N)
	for ((i = 1; i <= $1; i++)); do
		echo "$i" >"$MNT0/n$i"
		grep -qx "$i" "$MNT1/n$i"
	done
	export TOOK_MS=$((($(date +%s%N) - start) / 1000000))
}

# --- what goes wrong ------------------------------------------------------------

# stall_nth N: all I/O of the mount takes for ever; resume_nth N ends that
stall_nth() {
	dmsetup suspend --nolockfs --noflush "meta$1"
	dmsetup suspend --nolockfs --noflush "data$1"
}

resume_nth() {
	dmsetup resume "meta$1"
	dmsetup resume "data$1"
}

# kill_nth N: the mount ends at once, without a word to the others. It does not
# write any more, which is what fencing is for, so whoever asks may be told that
# it is fenced: see fence_serve.
kill_nth() {
	local mnt pids

	mnt=$(mnt_of "$1")
	rid_of "$1" >>/tmp/killed
	# afterwards its root cannot be looked at any more
	pids=$(fuser -M -m "$mnt" 2>/dev/null) || :
	KILLED_NS=$(date +%s%N)
	export KILLED_NS
	umount -f "$mnt" 2>/dev/null || :
	# shellcheck disable=SC2086 # one word each
	[ -z "$pids" ] || kill -KILL $pids 2>/dev/null || :
	wait_until 30 unmounted_nth "$1"
}

unmounted_nth() {
	! grep -q " $(mnt_of "$1") scoutfs " /proc/mounts ||
		umount -f "$(mnt_of "$1")" 2>/dev/null
}

# Sets FENCE_LINE, to nothing if there is no such file.  No process: each takes
# tens of milliseconds here, and survivors wait for the agent.
fence_read() {
	FENCE_LINE=
	# the line does not end in a newline
	read -r FENCE_LINE 2>/dev/null <"$1" || :
}

# fence_is_open DIR: a request nobody has answered
fence_is_open() {
	fence_read "$1/fenced"
	[ "$FENCE_LINE" = 0 ] || return 1
	fence_read "$1/error"
	[ "$FENCE_LINE" = 0 ]
}

# fence_dirs: of all open requests of all mounts
fence_dirs() {
	local dir

	for dir in /sys/fs/scoutfs/*/fence/*/; do
		! fence_is_open "$dir" || echo "${dir%/}"
	done
}

no_fence_dirs() {
	[ -z "$(fence_dirs)" ]
}

# The agent of these clusters, until the test ends: a mount that kill_nth ended is
# fenced; /tmp/fence.log has a line "EPOCH RID REASON ANSWER" for each request.
# With /tmp/fence.error there it answers that it failed.
fence_start() {
	: >/tmp/killed
	: >/tmp/fence.log
	rm -f /tmp/fence.error
	fence_serve $$ </dev/null >/dev/null 2>&1 &
	disown
}

fence_serve() {
	local dir rid answer

	trap - ERR
	set +e
	while [ -d "/proc/$1" ]; do
		for dir in /sys/fs/scoutfs/*/fence/*/; do
			fence_is_open "$dir" || continue
			fence_read "$dir/rid"
			rid=$FENCE_LINE
			[[ $'\n'$(</tmp/killed)$'\n' == *$'\n'$rid$'\n'* ]] || continue
			fence_read "$dir/reason"
			answer=fenced
			[ ! -e /tmp/fence.error ] || answer=error
			echo "$EPOCHREALTIME $rid $FENCE_LINE $answer" >>/tmp/fence.log
			echo 1 >"$dir/$answer"
		done
		sleep 0.2
	done
}
