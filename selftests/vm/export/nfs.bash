# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel's NFS server and a client of it in one machine: version 4 alone, which
# needs no portmapper, and no state that outlives the server.

NFS=/mnt/nfs

# nfs_serve DIR [OPTIONS]: the server, with DIR as its root.
nfs_serve() {
	exportfs -o "rw,sync,no_root_squash,fsid=0,${2:-no_subtree_check}" "localhost:$1"
	rpc.nfsd -N 3 -V 4.2 2
	# nobody has anything to reclaim
	echo Y >/proc/fs/nfsd/v4_end_grace
}

# It ends, with all that it has open, and the volume is unmounted.
nfs_unserve() {
	rpc.nfsd 0
	exportfs -ua
	exportfs -f
	# some of it a little later
	! vol_is_mounted || wait_until 10 umount -q "$MNT"
}

nfs_stop() {
	# the test's file: closing it asks the server, and waits for one
	exec 3<&-
	umount -l $NFS || :
	nfs_unserve
	kill "$(pidof rpc.mountd)" || :
	trap - EXIT
}

# nfs_start DIR [OPTIONS]: serves DIR, and mounts it on $NFS.
nfs_start() {
	require_cmd rpc.nfsd rpc.mountd exportfs mount.nfs
	modprobe nfsd 2>/dev/null || skip "no NFS server in this kernel"
	mkdir -p $NFS /var/lib/nfs/v4recovery
	mountpoint -q /proc/fs/nfsd || mount -t nfsd nfsd /proc/fs/nfsd
	trap nfs_stop EXIT
	echo 10 >/proc/fs/nfsd/nfsv4leasetime
	echo 10 >/proc/fs/nfsd/nfsv4gracetime
	rpc.mountd -N 2 -N 3 -F >/tmp/mountd.log 2>&1 &
	nfs_serve "$@"
	mount -t nfs -o vers=4.2,lookupcache=none,noac localhost:/ $NFS
}
