#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# Calls on extended attributes, also labels, fail with the errors of their man pages, as on XFS.
. "$(dirname "$0")/../../lib.sh"
. "$(dirname "$0")/../errno.bash"

errno_test getxattr setxattr listxattr removexattr
