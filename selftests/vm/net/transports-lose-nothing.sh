#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Sessions lose and double nothing over each transport, also when connections break.
. "$(dirname "$0")/../../lib.sh"

run=/sys/module/scoutfs_net_selftest/parameters/run
port=17701
ip link set lo up

session_test() {
	say "$*"
	modprobe scoutfs_net_selftest "$@" || fail "$*: cannot load"
	echo 300 >$run || fail "$*: messages lost"
}

resent() {
	dmesg | awk '/scoutfs net test: rid/ { for (i = 1; i < NF; i++) if ($i == "resent") n = $(i + 1) > n ? $(i + 1) : n }
		END { print n + 0 }'
}

for transport in tcp mptcp; do
	for family in 4 6; do
		session_test transport=$transport family=$family
		grep -q "^scoutfs_net_tcp " /proc/modules || fail "no tcp module"
		expect_error "is in use" rmmod scoutfs_net_tcp
		rmmod scoutfs_net_selftest
	done
done
modprobe vsock_loopback 2>/dev/null || :
session_test transport=vsock family=40
rmmod scoutfs_net_selftest
session_test transport=loop
rmmod scoutfs_net_selftest

# strangers are counted, named and thrown out
session_test transport=tcp
head -c 4096 /dev/urandom >/dev/tcp/127.0.0.1/$port || :
wait_until 20 eval 'dmesg | grep -q "bad frame from 127.0.0.1:.*: magic"'
head -c 100 /dev/urandom >/dev/udp/127.0.0.1/$port
wait_until 20 eval 'dmesg | grep -q "bad frame from 127.0.0.1:.*: length"'
exec 7<>/dev/tcp/127.0.0.1/$port
wait_until 20 eval 'dmesg | grep -q "connection from 127.0.0.1:.* dropped: no hello"'
exec 7>&-
echo 10 >$run || fail "strangers broke the session"

# connections break under way; breaks TRANSPORT COUNT
require_cmd ss
ss -K -t "sport = :$port" >/dev/null 2>&1 || skip "sockets cannot be killed here"
rmmod scoutfs_net_selftest
breaks() {
	local killer

	dmesg -C
	session_test transport="$1"
	(for _ in $(seq "$2"); do
		ss -K -t "sport = :$port or dport = :$port" >/dev/null
		sleep 0.3
	done) &
	killer=$!
	while kill -0 $killer 2>/dev/null; do
		echo 50 >$run || fail "$1: messages lost with broken connections"
	done
	[ "$(resent)" -gt 0 ] || fail "$1: no connection broke"
	rmmod scoutfs_net_selftest
}

breaks tcp 20
# a connection without a path left ends when the session finds it silent
breaks mptcp 3
rmmod scoutfs_net_tcp
