#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# ACLs: rights, masks, inheritance, chmod, removal; kept, and as on XFS.
. "$(dirname "$0")/../../lib.sh"

require_cmd setfacl getfacl mkfs.xfs
as_user() {
	setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"
}

# What there is of each file afterwards goes to standard output.
acl_cases() {
	local file

	umask 022
	echo bytes >f
	chmod 640 f
	setfacl -m u:1000:rw f
	as_user 1000 cat f
	expect_error "denied" as_user 1001 cat f
	[ "$(stat -c %a f)" = 660 ] || fail "mask is not the group's mode"
	chmod 600 f
	expect_error "denied" as_user 1000 cat f
	chmod 640 f
	as_user 1000 cat f
	expect_fail as_user 1000 bash -c 'echo x >>f'
	# one that the mode says as well is none
	cp f plain
	chmod 600 plain
	setfacl --set u::rw,g::r,o::r plain
	[ "$(stat -c %a plain)" = 644 ] || fail "mode of a small ACL"
	expect_fail getfattr -n system.posix_acl_access plain
	expect_error "not permitted" as_user 1001 setfacl -m u:1001:rw f
	expect_fail setfacl -d -m u:1000:r f

	mkdir d
	setfacl -d -m u:1000:rwx,g:1001:r d
	umask 077
	touch d/new
	mkdir d/sub
	mkfifo d/fifo
	mknod d/null c 1 3
	ln -s new d/link
	tmpfile d d/tmp
	touch d/sub/deep
	umask 022
	touch d/new2
	setfacl -k d/sub
	mkdir d/sub/none
	cp f b
	setfacl -m u:1000:rw,g:1001:r b
	setfacl -b b
	cp f s
	chmod 6755 s
	setfacl -m u:1000:rx s
	chown 1002 s
	setfacl -m m::r s
	cp f many
	for ((i = 0; i < 300; i++)); do
		echo "user:$((2000 + i)):r"
	done | setfacl -M - many
	getfattr --only-values -n system.posix_acl_access many >acl
	cp plain copy
	setfattr -n system.posix_acl_access -v "0x$(xxd -p acl | tr -d '\n')" copy
	expect_fail setfattr -n system.posix_acl_access -v garbage plain
	for file in f plain d d/* d/sub/* b s many copy; do
		[ -L "$file" ] && continue
		stat -c '%n %A' "$file"
		getfacl -n "$file"
	done
}

tmpfile() {
	xfs_io -T -c "flink $2" "$1"
}

mkfs_vol
mount_vol
mkdir "$MNT/here"
(cd "$MNT/here" && acl_cases >/tmp/acls)
remount_vol
(cd "$MNT/here" && for file in f plain d d/* d/sub/* b s many copy; do
	[ -L "$file" ] && continue
	stat -c '%n %A' "$file"
	getfacl -n "$file"
done) | diff - <(grep -vx bytes /tmp/acls) || fail "not kept"
umount_vol

mount_vol noacl
expect_error "not supported" setfacl -m u:1000:rw "$MNT/here/f"
expect_fail getfattr -n system.posix_acl_access "$MNT/here/f"
end_clean

modprobe xfs 2>/dev/null || grep -qw xfs /proc/filesystems || {
	say "this kernel has no XFS to compare with"
	exit 0
}
mkfs.xfs -qf /dev/sfs-xfs
mount -t xfs /dev/sfs-xfs "$SCRATCH_MNT"
mkdir "$SCRATCH_MNT/here"
(cd "$SCRATCH_MNT/here" && acl_cases >/tmp/acls.xfs)
umount "$SCRATCH_MNT"
diff /tmp/acls.xfs /tmp/acls || fail "XFS has others"
