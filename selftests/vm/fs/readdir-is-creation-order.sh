#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# readdir() has creation order, and d_off counts places exactly.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
offsets . = 1 2
mkdir d
offsets . = 1 2 3
cd d
offsets . = 1 2
many f 5
ls . = f0 f1 f2 f3 f4
offsets . = 1 2 3 4 5 6 7

# a gap: the offset is the place of the entry that follows
unlink f1
unlink f2
ls . = f0 f3 f4
offsets . = 1 2 5 6 7
# the first entry is gone: .. leads to the next place or to the next entry
unlink f0
ls . = f3 f4
lsfrom . 2 = f3 f4
lsfrom . 5 = f3 f4
lsfrom . 6 = f4
lsfrom . 7 = ''
lsfrom . 1000000 = ''
lsfrom . 1 = .. f3 f4
lsfrom . 0 = . .. f3 f4

# places are never used again, also not the last one
unlink f4
open 0 n wr|creat
ls . = f3 n
lsfrom . 6 = n
lsfrom . 7 = n
lsfrom . 8 = ''

# a rename is a new place
rename f3 m
ls . = n m
lsfrom . 8 = m
rename n n2
ls . = m n2
link m l
mkdir sub
symlink x s
ls . = m n2 l sub s
lsfrom . 11 = sub s
EOF
remount_vol
fsop "$MNT/d" <<'EOF'
ls . = m n2 l sub s
lsfrom . 9 = n2 l sub s
open 0 after wr|creat
lsfrom . 13 = after
lsfrom . 14 = ''
EOF
end_clean
