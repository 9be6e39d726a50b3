#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# chattr's flags are kept, inherited, shown by statx and obeyed.
. "$(dirname "$0")/../../lib.sh"

require_cmd chattr lsattr xfs_io
flags_of() {
	lsattr -d "$1" | cut -d' ' -f1 | tr -d -
}

mkfs_vol
mount_vol
cd "$MNT" || fail "no directory"
echo bytes >f
mkdir d
chattr +AdS f
chattr +AdSD d
touch d/f
mkdir d/sub
ln -s f d/link
remount() {
	cd /
	remount_vol
	cd "$MNT" || fail "no directory"
}
remount
[ "$(flags_of f)" = SdA ] || fail "file has $(flags_of f)"
[ "$(flags_of d)" = SDdA ] || fail "directory has $(flags_of d)"
[ "$(flags_of d/f)" = SdA ] || fail "new file has $(flags_of d/f)"
[ "$(flags_of d/sub)" = SDdA ] || fail "new directory has $(flags_of d/sub)"
chattr -AdS f
[ -z "$(flags_of f)" ] || fail "flags stay: $(flags_of f)"

exec 5>>f
exec 6<>f
chattr +i f
expect_error "not permitted" rm f
expect_error "not permitted" mv f g
expect_error "not permitted" ln f g
expect_error "not permitted" chmod 600 f
expect_error "not permitted" chown 1 f
expect_error "not permitted" touch f
expect_error "not permitted" truncate -s 0 f
expect_error "not permitted" setfattr -n trusted.a -v b f
expect_error "not permitted" setfattr -n user.a -v b f
expect_error "not permitted" setfacl -m u:5:r f
expect_error "not permitted" fallocate -l 10000 f
expect_fail bash -c 'echo more >>f'
expect_fail bash -c 'echo more >&5'
expect_fail bash -c 'truncate -s 0 /proc/self/fd/6'
# also over blocks that are written, past the page cache
head -c 8192 /dev/zero | tr '\0' z >g
sync g
python3 - <<'END' || fail "direct writes to an immutable file"
import errno, mmap, os, subprocess, sys
fd = os.open("g", os.O_RDWR | os.O_DIRECT)
page = mmap.mmap(-1, 4096)
for _ in range(2):		# the second has no privileges to take away
    os.pwrite(fd, page, 0)
subprocess.check_call(["chattr", "+i", "g"])
try:
    os.pwrite(fd, page, 0)
except OSError as e:
    sys.exit(e.errno != errno.EPERM)
sys.exit(1)
END
chattr -i g
rm g
[ "$(cat f)" = bytes ] || fail "bytes changed"
xfs_io -r -c 'statx -r' f | grep -qx 'stat.attributes = 0x10' || fail "statx"
exec 5>&- 6>&-
remount
[ "$(flags_of f)" = i ] || fail "immutable is gone: $(flags_of f)"
expect_error "not permitted" rm f
chattr -i f
chattr +a f
expect_error "not permitted" rm f
expect_error "not permitted" truncate -s 0 f
expect_fail bash -c 'echo other >f'
expect_error "not permitted" chmod 600 f
echo more >>f
[ "$(tail -1 f)" = more ] || fail "nothing was appended"
chattr -a f

chattr +a d
touch d/new
expect_error "not permitted" rm d/new
expect_error "not permitted" mv d/new d/newer
chattr -a +i d
expect_error "not permitted" touch d/newer
expect_error "not permitted" mv f d/f2
expect_error "not permitted" rmdir d/sub
chattr -i d
rm d/new

# rights, and what there is not
chown 1000 f
as_user() {
	setpriv --reuid 1000 --regid 1000 --clear-groups "$@"
}
expect_error "not permitted" as_user chattr +i f
as_user chattr +d f
chown 0 f
expect_error "not permitted" as_user chattr -d f
expect_error "not supported" chattr +c f
expect_fail chattr -p 7 f
[ "$(lsattr -p f | awk '{ print $1 }')" = 0 ] || fail "project id is shown"
xfs_io -c 'chattr +a' f
[ "$(flags_of f)" = ad ] || fail "FS_IOC_FSSETXATTR: $(flags_of f)"
xfs_io -r -c lsattr f | grep -q a || fail "FS_IOC_FSGETXATTR"
chattr -a f

# sync and dirsync are durable when the call returns
touch f d/f
sync
was=$(disk_stat "$META" writes)
touch d/now
[ "$(disk_stat "$META" writes)" -gt "$was" ] || fail "dirsync wrote nothing"
cd /
end_clean
