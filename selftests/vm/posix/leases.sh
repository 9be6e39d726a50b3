#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# A mount that is alone gives leases, and breaks them; one of several gives none, since
# it could not.
. "$(dirname "$0")/../../lib.sh"

require_cmd python3
# lease FILE TYPE
lease() {
	python3 - "$@" <<'EOF'
import fcntl, os, signal, subprocess, sys
how = os.O_RDONLY if sys.argv[2] == "read" else os.O_RDWR
fd = os.open(sys.argv[1], how)
kind = fcntl.F_RDLCK if sys.argv[2] == "read" else fcntl.F_WRLCK
try:
    fcntl.fcntl(fd, 1024, kind)		# F_SETLEASE
except OSError as e:
    sys.exit(os.strerror(e.errno))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
other = subprocess.Popen(["dd", "if=/dev/null", "of=" + sys.argv[1], "status=none"])
signal.sigwait([signal.SIGIO])
fcntl.fcntl(fd, 1024, fcntl.F_UNLCK)
os.close(fd)
sys.exit(other.wait())
EOF
}

mkfs_vol
mount_vol
echo x >"$MNT/f"
lease "$MNT/f" write
lease "$MNT/f" read
end_clean

setup_cluster 2
echo x >"$MNT0/f"
expect_error "Invalid argument" lease "$MNT0/f" write
expect_error "Invalid argument" lease "$MNT1/f" read
end_cluster
