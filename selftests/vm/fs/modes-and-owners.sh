#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# chmod, chown and umask give what they should, to whom they should.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat 0666
stat f mode = 100644
umask 077
open 0 g wr|creat 0666
stat g mode = 100600
mkdir d 0777
stat d mode = 040700
umask 0
open 0 h wr|creat 0777
stat h mode = 100777
mknod p 010666
stat p mode = 010666
umask 022
chmod h 07777
stat h mode = 107777
chown h 1000 1001
# a change of owner takes the set-id bits of executables
stat h mode = 101777
stat h uid = 1000
stat h gid = 1001
chown h 4294967294 4294967294
stat h uid = 4294967294
chown h 1000 1000
symlink f l
chown l 7 8
stat l uid = 7
stat f uid = 0

user 1000 1000
chmod h 0700
stat h mode = 100700
chown h 1001 1000 = EPERM
chown h 1000 5 = EPERM
chmod f 0777 = EPERM
chown f 1000 1000 = EPERM
utimes f 1.000000000 1.000000000 = EPERM
utimes f now now = EACCES
open 1 g rd = EACCES
open 1 f wr = EACCES
open 1 f rd
open 1 new wr|creat = EACCES
mkdir new = EACCES
unlink f = EACCES
rename f x = EACCES
link h x = EACCES
truncate f 0 = EACCES
ls d = EACCES
stat d/x size = EACCES
user 0 0
chown d 1000 1000
user 1000 1000
open 1 d/mine wr|creat
stat d/mine uid = 1000
stat d/mine gid = 1000

# sticky directories
user 0 0
mkdir t
chmod t 01777
open 1 t/roots wr|creat 0666
user 1000 1000
unlink t/roots = EPERM
rename t/roots t/x = EPERM
open 1 t/own wr|creat
unlink t/own
EOF
remount_vol
fsop "$MNT" <<'EOF'
stat h mode = 100700
stat h uid = 1000
stat l gid = 8
stat t mode = 041777
stat d/mine uid = 1000
EOF
end_clean
