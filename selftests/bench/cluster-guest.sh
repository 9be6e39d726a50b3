#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cluster-guest.sh FSTYPE ACTION: what one of the two nodes of the cluster bench
# does; run-cluster says when. ACTION is start (the cluster's daemons), mkfs,
# mount, umount, stop, or counts (scoutfs only).
. "$(dirname "$0")/../lib.sh"
fs=$1
nr=${HOSTNAME#n}
addr=10.99.0

need_configfs() {
	modprobe configfs
	mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config
}

# --- GFS2: corosync, dlm_controld -----------------------------------------------

gfs2_conf() {
	cat <<-END
	totem {
		version: 2
		cluster_name: bench
		transport: udpu
		token: 10000
	}
	nodelist {
		node {
			ring0_addr: $addr.1
			nodeid: 1
			name: n1
		}
		node {
			ring0_addr: $addr.2
			nodeid: 2
			name: n2
		}
	}
	quorum {
		provider: corosync_votequorum
		expected_votes: 2
		two_node: 1
		wait_for_all: 1
	}
	logging {
		to_stderr: no
		to_syslog: no
		to_logfile: yes
		logfile: /tmp/corosync.log
	}
	END
}

gfs2_in_quorum() {
	corosync-quorumtool -s 2>/dev/null | grep -q '^Quorate:.*Yes' &&
		[ "$(corosync-quorumtool -l 2>/dev/null | grep -c 'n[12]')" = 2 ]
}

gfs2_start() {
	mkdir -p /var/lib/corosync /var/log/corosync /run/dlm_controld
	gfs2_conf >/etc/corosync/corosync.conf
	need_configfs
	modprobe -a dlm gfs2
	# there is no udev to make it
	for name in dlm-control dlm-monitor dlm_plock; do
		minor=$(awk -v n="$name" '$2 == n { print $1 }' /proc/misc)
		mkdir -p /dev/misc
		[ -e "/dev/$name" ] || mknod "/dev/$name" c 10 "$minor"
		ln -sf "../$name" "/dev/misc/$name"
	done
	setsid corosync </dev/null >/tmp/corosync.out 2>&1
	wait_until 60 gfs2_in_quorum
	# no fencing: nothing dies here
	setsid dlm_controld --enable_fencing 0 --enable_startup_fencing 0 \
		</dev/null >/tmp/dlm.out 2>&1
	wait_until 60 gfs2_has_lockspaces
}
gfs2_has_lockspaces() {
	dlm_tool status >/dev/null 2>&1
}
gfs2_mkfs() {
	mkfs.gfs2 -O -q -p lock_dlm -t bench:bench -j 2 "$DATA"
}
gfs2_mount() {
	mount -t gfs2 -o noatime "$DATA" "$MNT"
}
gfs2_stop() {
	pkill -x dlm_controld || :
	sleep 1
	corosync-cfgtool -H --force >/dev/null 2>&1 || :
}

# --- OCFS2: o2cb -------------------------------------------------------------------

ocfs2_start() {
	local i

	mkdir -p /etc/ocfs2 /dlm
	{
		for i in 1 2; do
			printf 'node:\n\tname = n%s\n\tcluster = bench\n\tnumber = %s\n\tip_address = %s.%s\n\tip_port = 7777\n\n' \
				$i $i $addr $i
		done
		printf 'cluster:\n\tname = bench\n\theartbeat_mode = local\n\tnode_count = 2\n\n'
	} >/etc/ocfs2/cluster.conf
	need_configfs
	modprobe -a ocfs2_stackglue ocfs2_stack_o2cb ocfs2_dlmfs ocfs2
	[ "$(</sys/fs/ocfs2/cluster_stack)" = o2cb ] || echo o2cb >/sys/fs/ocfs2/cluster_stack
	mountpoint -q /dlm || mount -t ocfs2_dlmfs ocfs2_dlmfs /dlm
	o2cb register-cluster bench
}
ocfs2_mkfs() {
	mkfs.ocfs2 -q -F -T mail -N 2 -L bench --cluster-stack=o2cb \
		--cluster-name=bench "$DATA" </dev/null
}
ocfs2_mount() {
	mount -t ocfs2 -o noatime "$DATA" "$MNT"
}
ocfs2_stop() {
	umount /dlm
	o2cb unregister-cluster bench
}

# --- scoutfs ---------------------------------------------------------------------

scoutfs_start() {
	modprobe scoutfs
}
scoutfs_mkfs() {
	mkfs_vol -Q 0,$addr.1,19100 -Q 1,$addr.2,19100
}
scoutfs_mount() {
	mount_vol "quorum_slot_nr=$((nr - 1))"
}
scoutfs_stop() {
	:
}

# Messages sent, device writes, and grants of locks since the mount.
scoutfs_counts() {
	{
		scoutfs peers list "$MNT" --json
		scoutfs locks stats "$MNT" --json
		echo "\"writes\": $(write_requests "$META" "$DATA")"
	} | grep -o '"[a-z]*": *[0-9]*' | tr -d '"' | awk -F : '
		$1 == "sent" { sent += $2 }
		$1 == "writes" { writes += $2 }
		$1 == "grants" { grants += $2 }
		END { print sent + 0, writes + 0, grants + 0 }'
}

# write_requests DEVICE...: completed so far
write_requests() {
	local dev

	for dev in "$@"; do
		cat "/sys/block/$(basename "$(readlink -f "$dev")")/stat"
	done | awk '{ n += $5 } END { print n }'
}

mkdir -p "$MNT"
case $2 in
umount)
	umount "$MNT"
	echo 3 >/proc/sys/vm/drop_caches
	;;
start | mkfs | mount | stop | counts) "${fs}_$2" ;;
*) fail "no action $2" ;;
esac
