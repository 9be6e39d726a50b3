#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Calls that make names fail with the errors of their man pages, as on XFS.
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../errno.bash"

errno_test open creat open_excl mkdir mknod \
	link link_to symlink
