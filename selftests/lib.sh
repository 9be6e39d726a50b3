# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Helpers for test scripts; sourced as the first thing:
#
#	. "$(dirname "$0")/../../lib.sh"
#
# Guest tests run inside a test machine with $META, $DATA, $MNT, $SCRATCH and
# $SCRATCH_MNT set; host tests run beside it and get the vm_* functions of
# selftests/vm/vm.sh. Exit codes: 0 passed, 4 skipped, anything else failed.
# Any command that fails ends the test, like fail.

set -eEu -o pipefail

KSFT_SKIP=4

say() {
	echo "# $*"
}

fail() {
	trap - ERR
	echo "FAIL: $*" >&2
	exit 1
}

skip() {
	trap - ERR
	echo "SKIP: $*"
	exit $KSFT_SKIP
}

trap 'echo "FAIL: line $LINENO: ${BASH_COMMAND%%$'\''\n'\''*} (exit $?)" >&2' ERR

# a test that failed leaves no jobs behind, which would keep its machine busy
trap 'kill $(jobs -p) 2>/dev/null || :' EXIT

if [ ! -e /share/env ] && [ -n "${VM_RUN_DIR:-}" ]; then
	# shellcheck source=selftests/vm/vm.sh
	. "$VM_TOP/selftests/vm/vm.sh"
fi

require_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# require_cmd NAME...
require_cmd() {
	local cmd

	for cmd in "$@"; do
		command -v "$cmd" >/dev/null || skip "$cmd is not installed"
	done
}

# expect_fail CMD...: the command must fail.
expect_fail() {
	if "$@"; then
		fail "should have failed: $*"
	fi
}

# expect_error TEXT CMD...: CMD must fail and say the error's text (such as
# "No space left") on standard error.
expect_error() {
	local text=$1 out
	shift

	if out=$(LC_ALL=C "$@" 2>&1 >/dev/null); then
		fail "should have failed with '$text': $*"
	fi
	case $out in
	*"$text"*) ;;
	*) fail "$* should have said '$text', not: $out" ;;
	esac
}

# wait_until SECONDS CMD...: polls until CMD succeeds. Four times that, on machines
# that may be slow: it is a limit against hanging, a test that measures does so itself.
wait_until() {
	local end=$((SECONDS + 4 * $1 * ${TEST_SLOW:-1}))
	shift

	until "$@"; do
		[ $SECONDS -lt $end ] || fail "timed out waiting for: $*"
		sleep 0.1
	done
}

# numbers COUNT PREFIX: writes 1 to COUNT to the files PREFIX1, PREFIX2, ...
numbers() {
	local i

	for ((i = 1; i <= $1; i++)); do
		echo "$i" >"$2$i"
	done
}

# expect_numbers COUNT PREFIX: they hold that. Without a process for each, which
# would take much longer than the filesystem.
expect_numbers() {
	local i line

	for ((i = 1; i <= $1; i++)); do
		line=
		read -r line <"$2$i" || :
		[ "$line" = "$i" ] || fail "$2$i holds '$line'"
	done
}

# resume_ms HEARTBEAT_MS: how long the survivors of a mount may stand still
resume_ms() {
	echo $((($1 + 2000) * ${TEST_SLOW:-1}))
}

# --- the volume under test (in the guest) ------------------------------------

# mkfs_vol [OPTIONS]: a new volume on $META and $DATA.
mkfs_vol() {
	mkfs.scoutfs -f -A "$@" "$META" "$DATA" >/dev/null
}

# mount_vol [OPTIONS]: mounts it on $MNT; OPTIONS is a comma list.
mount_vol() {
	# shellcheck disable=SC2153 # it is no misspelt MNT0
	mkdir -p "$MNT"
	mount -t scoutfs -o "metadev_path=$META${1:+,$1}" "$DATA" "$MNT"
}

umount_vol() {
	umount "$MNT"
}

# remount_vol [OPTIONS]: unmount and mount, so that nothing stays cached.
remount_vol() {
	umount_vol
	mount_vol "$@"
}

# check_vol: fsck finds nothing wrong.
check_vol() {
	local ret=0

	fsck.scoutfs -n "$META" "$DATA" >/tmp/check.out 2>&1 || ret=$?
	[ $ret = 0 ] || { cat /tmp/check.out; fail "fsck.scoutfs -n: exit $ret"; }
}

# End of a test: unmount, and the volume is clean.
end_clean() {
	umount_vol
	check_vol
}

# After a forced unmount or a power cut: the next mount need not wait, as it
# otherwise does, to see whether another host has the volume mounted.
forget_guard() {
	dd if=/dev/zero of="$META" bs=4096 seek=63 count=1 conv=notrunc,fsync status=none
}

vol_is_mounted() {
	# mountpoint(1) takes one that answers with an error for none
	grep -q "^[^ ]* $MNT " /proc/self/mounts
}

drop_caches() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# disk_stat DISK FIELD: reads from /sys/block; FIELD is reads, read_sectors,
# writes, write_sectors or flushes.
disk_stat() {
	local -a stat

	read -ra stat <"/sys/block/$(basename "$(readlink -f "$1")")/stat"
	case $2 in
	reads) echo "${stat[0]}" ;;
	read_sectors) echo "${stat[2]}" ;;
	writes) echo "${stat[4]}" ;;
	write_sectors) echo "${stat[6]}" ;;
	flushes) echo "${stat[15]:-0}" ;;
	*) fail "disk_stat: no field $2" ;;
	esac
}

# shellcheck source=selftests/vm/mounts.sh
. "$(dirname "${BASH_SOURCE[0]}")/vm/mounts.sh"

# --- host tests ----------------------------------------------------------------

# vm_lib NAME 'COMMANDS': runs shell commands in machine NAME with this library
# loaded; a failing command fails the whole.
vm_lib() {
	vm_run "$1" bash -c ". /share/selftests/lib.sh; $2"
}
