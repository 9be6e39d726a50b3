#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# On an idmapped mount owners appear, are stored, and have rights as mapped; also
# those in ACLs.
. "$(dirname "$0")/../../lib.sh"

MAPPED=/mnt/mapped

# as ID CMD...: as that user and group
as() {
	setpriv --reuid "$1" --regid "$1" --clear-groups "${@:2}"
}

# owners PATH OWNERS
owners() {
	[ "$(stat -c %u:%g "$1")" = "$2" ] || fail "$1 is of $(stat -c %u:%g "$1"), not $2"
}

mkfs_vol
mount_vol
mkdir -p "$MNT/top" $MAPPED
echo old >"$MNT/top/old"
chown -R 1000:1001 "$MNT/top"
chmod 700 "$MNT/top"
chmod 600 "$MNT/top/old"
idmapmount "$MNT/top" $MAPPED 0 10000 5000

owners $MAPPED/old 11000:11001
as 11000 grep -q old $MAPPED/old
chmod 777 "$MNT" "$MNT/top"
expect_error "Permission denied" as 1000 cat $MAPPED/old
expect_error "Permission denied" as 11000 cat "$MNT/top/old"

# what is made
as 12000 bash -c "cd $MAPPED && umask 022 && echo x >f && mkdir d && mkfifo p && ln -s f l"
for f in f d p l; do
	owners "$MNT/top/$f" 2000:2000
	owners $MAPPED/$f 12000:12000
done
fsop $MAPPED <<'EOF'
open 0 x wr|creat = EOVERFLOW
mkdir y = EOVERFLOW
open 0 . rw|tmp = EOVERFLOW
EOF
mkdir "$MNT/top/group"
chown 0:3000 "$MNT/top/group"
chmod 2777 "$MNT/top/group"
as 12000 mkdir -m 755 $MAPPED/group/sub
owners "$MNT/top/group/sub" 2000:3000
[ "$(stat -c %a "$MNT/top/group/sub")" = 2755 ] || fail "no setgid bit"

# what is changed
chown 13000:13001 $MAPPED/f
owners "$MNT/top/f" 3000:3001
chown 14000 "$MNT/top/f"
owners $MAPPED/f 65534:13001
expect_error "Value too large" chown 400 $MAPPED/f
as 12000 chmod 640 $MAPPED/p
expect_error "not permitted" as 2000 chmod 600 $MAPPED/p

# ACLs: with ids as the mount has them, also inherited ones
as 11000 setfacl -m u:12500:rw $MAPPED/old
getfacl -nc "$MNT/top/old" | grep -qx user:2500:rw- || fail "$(getfacl -nc "$MNT/top/old")"
getfacl -nc $MAPPED/old | grep -qx user:12500:rw- || fail "$(getfacl -nc $MAPPED/old)"
as 12500 grep -q old $MAPPED/old
expect_error "Permission denied" as 2500 cat $MAPPED/old
as 12000 setfacl -m d:u:12600:r $MAPPED/d
as 12000 bash -c "umask 077; echo y >$MAPPED/d/g"
getfacl -nc "$MNT/top/d/g" | grep -q ^user:2600:r-- || fail "$(getfacl -nc "$MNT/top/d/g")"
as 12600 grep -q y $MAPPED/d/g
umount $MAPPED
end_clean
