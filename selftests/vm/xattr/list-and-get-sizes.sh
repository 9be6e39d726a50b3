#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Sizes of lists and values are told, and too small buffers are ERANGE.
. "$(dirname "$0")/../../lib.sh"

mkfs_vol
mount_vol
fsop "$MNT" <<'EOF'
open 0 f wr|creat
listx f 0 = 0
listx f 100 = 0
setx f user.a value
setx f user.bc value
setx f trusted.d value
# each name and its NUL
listx f 0 = 25
listx f 25 = 25
listx f 24 = ERANGE
listx f 1 = ERANGE
getxsize f user.a 0 = 5
getxsize f user.a 4 = ERANGE
getxsize f user.a 1 = ERANGE
EOF
# a list of more than 64 KiB cannot be told
{
	echo "open 0 g wr|creat"
	for i in $(seq 258); do
		printf 'setx g user.%03d%s x\n' "$i" "n{247}"
	done
	echo "listx g 65536 = E2BIG"
	printf 'getx g user.%03d%s = x\n' 258 "n{247}"
	for i in 1 2 3; do
		printf 'rmx g user.%03d%s\n' "$i" "n{247}"
	done
	echo "listx g 65536 = 65280"
} | fsop "$MNT"
end_clean
