#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# scoutfs change-quorum-config on images; prints TAP.
#
# SCOUTFS_BIN is the directory of the programs.
set -u
bin=${SCOUTFS_BIN:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
meta=$work/meta
data=$work/data
export LC_ALL=C
tap_name=change-quorum-config
tap_logs=("$work/out" "$work/err")
# shellcheck source=selftests/unit/tap.sh
. "$(dirname "$0")/tap.sh"

# change EXIT [ARGS]...: must end with that status
change() {
	local want=$1 ret=0
	shift

	"$bin/scoutfs" change-quorum-config "$@" >"$work/out" 2>"$work/err" || ret=$?
	[ $ret = "$want" ] || { echo "exit $ret" >>"$work/err"; return 1; }
}

# usage_error TEXT [ARGS]...
usage_error() {
	local text=$1
	shift

	change 64 "$@" && [ ! -s "$work/out" ] &&
		grep -qxF "change-quorum-config: $text" "$work/err" &&
		grep -q "^Try .change-quorum-config --help' or " "$work/err"
}

# refused TEXT STRERROR [ARGS]...
refused() {
	local text=$1 error=$2
	shift 2

	change 1 -F -Q 0,192.0.2.1,1 "$@" && [ ! -s "$work/out" ] &&
		grep -qF "$text" "$work/err" &&
		grep -qxF "scoutfs: change-quorum-config failed: $error" "$work/err"
}

# make [OPTION]...
make() {
	truncate -s 0 "$meta" "$data"
	truncate -s 40M "$meta" "$data"
	"$bin/scoutfs" mkfs -A "$@" "$meta" "$data" >"$work/out" 2>"$work/err"
}

# slots: as print has them: NR:ADDR:PORT
slots() {
	"$bin/scoutfs" print -S "$meta" | sed -n 's/^ *quorum_slot nr=\([0-9]*\) family=\([0-9]*\) addr=0*\([0-9a-f]*\) port=\([0-9]*\)$/\1:\3:\4/p' |
		tr '\n' ' '
}

echo TAP version 13

make -Q 0,192.0.2.1,100 -Q 1,192.0.2.2,100 &&
	grep -qx '  quorum config version:  1' "$work/out"
result "mkfs takes and shows slots"

usage_error "no metadata device given" -F -Q 0,192.0.2.1,1
result "a device is required"
usage_error "-F is required: the volume must not be mounted anywhere" -Q 0,192.0.2.1,1 "$meta"
result "-F is required"
usage_error "-Q is required: at least one quorum slot" -F "$meta"
result "-Q is required"
usage_error "too many arguments" -F -Q 0,192.0.2.1,1 "$meta" "$data"
result "there is one device"
usage_error "quorum slot '0,192.0.2.1' must be NR,ADDR,PORT" -F -Q 0,192.0.2.1 "$meta"
result "a slot has three parts"
usage_error "quorum slot number 15 must be below 15" -F -Q 15,192.0.2.1,1 "$meta"
result "there are fifteen slots"
ret=0
for addr in 0.0.0.0 255.255.255.255 host 192.0.2 '' \
	vsock: vsock:0 vsock:4294967295 vsock:4294967296 vsock:x vsock:1x VSOCK:1; do
	usage_error "invalid quorum slot address '$addr'" -F -Q "0,$addr,1" "$meta" || ret=1
done
[ $ret = 0 ]
result "addresses are checked"
usage_error "quorum slot port 0 must be 1 to 65535" -F -Q 0,192.0.2.1,0 "$meta" &&
	usage_error "quorum slot port 65536 must be 1 to 65535" -F -Q 0,192.0.2.1,65536 "$meta"
result "ports are checked"
usage_error "quorum slot 3 given twice" -F -Q 3,192.0.2.1,1 -Q 3,192.0.2.2,1 "$meta"
result "a slot is given once"
usage_error "quorum slots 3 and 4 have the same address and port" \
	-F -Q 3,192.0.2.1,1 -Q 4,192.0.2.1,1 "$meta"
result "an address and port is given once"
[ "$(slots)" = "0:c0000201:100 1:c0000202:100 " ]
result "usage errors change nothing"
change 0 --help && grep -q -e '-F, --offline' "$work/out" &&
	grep -q -e '-Q, --quorum-slot=NR,ADDR,PORT' "$work/out"
result "--help shows the options"

refused "'$data' is a data device, the metadata device is needed" \
	"Invalid argument (22)" "$data"
result "a data device is refused"
truncate -s 40M "$work/blank"
refused "'$work/blank' is no scoutfs metadata device" "Invalid argument (22)" "$work/blank"
result "a blank device is refused"
refused "failed to open '$work/none': No such file or directory (2)" \
	"No such file or directory (2)" "$work/none"
result "what is not there is named"

change 0 -F -Q 1,192.0.2.3,65535 --quorum-slot 14,192.0.2.1,100 "$meta" && [ ! -s "$work/err" ]
result "the slots are replaced"
sed -E 's/(fsid|uuid): .*/\1/' "$work/out" | diff - <(cat <<-END
	Successfully changed the quorum configuration:
	  meta device path:       $meta
	  fsid
	  uuid
	  quorum config version:  2
	  quorum slots:           1: 192.0.2.3:65535
	                          14: 192.0.2.1:100
END
) >"$work/err"
result "the new slots are shown"
[ "$(slots)" = "1:c0000203:65535 14:c0000201:100 " ] &&
	"$bin/scoutfs" print -S "$meta" | grep -q ' quorum_version=2 '
result "print shows them"
"$bin/fsck.scoutfs" -n "$meta" "$data" >"$work/out"
result "fsck is content"
change 0 --offline -Q 0,2001:db8::1,7 "$meta" &&
	grep -qx '  quorum slots: *0: \[2001:db8::1\]:7' "$work/out"
result "IPv6 as with mkfs"

refused_vsock='has transport "tcp", which cannot reach these quorum slots'
cp "$meta" "$work/before"
change 1 -F -Q 0,vsock:2,5000 "$meta" && grep -qF "'$meta' $refused_vsock" "$work/err" &&
	cmp "$meta" "$work/before" >"$work/err"
result "TCP cannot reach a slot of VSOCK"
make -Q 0,vsock:2,5000 -Q 1,vsock:4294967294,65535 &&
	grep -qx '  quorum slots: *0: vsock:2:5000' "$work/out" &&
	grep -qx ' *1: vsock:4294967294:65535' "$work/out" &&
	[ "$(slots)" = "0:2:5000 1:fffffffe:65535 " ] &&
	"$bin/scoutfs" print -S "$meta" | grep -q ' transport="*vsock'
result "slots of VSOCK, and with them its transport"
"$bin/fsck.scoutfs" -n "$meta" "$data" >"$work/out"
result "fsck is content with them"
change 0 -F -Q 3,vsock:3,7 "$meta" && grep -qx '  quorum slots: *3: vsock:3:7' "$work/out"
result "slots of VSOCK are replaced"
refused 'has transport "vsock", which cannot reach these quorum slots' \
	"Invalid argument (22)" "$meta"
result "VSOCK cannot reach other slots"
ret=0
for slot in 0,vsock:2,1:tcp 0,vsock:2,1:mptcp 0,192.0.2.1,1:vsock; do
	! make -Q "${slot%:*}" --transport "${slot##*:}" &&
		grep -q "the transport cannot reach these quorum slots" "$work/err" || ret=1
done
! make -Q 0,vsock:2,1 -Q 1,192.0.2.1,1 || ret=1
[ $ret = 0 ]
result "mkfs knows it, too"
make -Q 0,192.0.2.1,1 --transport mptcp &&
	"$bin/scoutfs" print -S "$meta" | grep -q ' transport="*mptcp'
result "other transports are kept"

make && refused "was made for one node (mkfs without -Q, lock provider local)" \
	"Invalid argument (22)" "$meta"
result "a volume for one node is refused"
echo "1..$nr"
exit $failed
