# SPDX-License-Identifier: GPL-2.0-only
#
# scoutfs: kernel modules, programs and tests. "make help" lists the targets.

BUILD ?= $(CURDIR)/build
MAKEFLAGS += --no-print-directory

# The kernel to build for: KDIR, or KVER, or what find-kernel picks.
ifdef KDIR
KVER ?= $(shell cat $(KDIR)/include/config/kernel.release)
else
KVER ?= $(shell scripts/find-kernel)
KDIR = $(firstword $(wildcard /lib/modules/$(KVER)/build \
	/usr/src/linux-headers-$(KVER)) no-headers-for-$(KVER))
endif

KBUILD_DIR = $(BUILD)/$(KVER)/modules
USER_DIR = $(BUILD)/userspace
ROOT_DIR = $(BUILD)/vm/root-$(KVER)
JOBS ?= $(shell nproc)
# test machines side by side; fewer when processors or memory are
VM_JOBS ?= 2

# W=1 without a warning, or the build fails; WERROR= lets warnings pass.
WERROR ?= -Werror
KBUILD = $(MAKE) -j$(JOBS) -C $(KDIR) M=$(KBUILD_DIR) W=1 KCFLAGS=$(WERROR) \
	CONFIG_DEBUG_INFO_BTF_MODULES=

# modules must compile for this series too
NEXT_SERIES = 6.12
VM_KVER = $(shell scripts/find-kernel --vm)
DEBUG_KDIR = $(shell scripts/build-debug-kernel --path)

.PHONY: all modules programs sparse install clean help deps run vm-root
.PHONY: check check-long check-debug check-build check-unit check-sim
.PHONY: check-fuzz check-vm lint sim bench debug-kernel

all: modules programs

help:
	@echo 'make            build modules (for KVER= or KDIR=) and programs'
	@echo 'make install    DESTDIR= KVER=: install both'
	@echo 'make run        install packages, build, and show a file tree copied'
	@echo '                to scoutfs and compared in a virtual machine, then two'
	@echo '                nodes with one volume, of which one dies'
	@echo 'make check      all tests; the totals are the last line'
	@echo 'make check-long the same with the long tests'
	@echo 'make check-debug  the VM tests on a kernel with lockdep and KASAN'
	@echo 'make check-unit, check-sim, check-fuzz, lint   parts of make check'
	@echo 'make check-vm   [T="area area/name ..."] VM tests, all or some; PENDING=1:'
	@echo '                also those of what is not finished'
	@echo 'make sim SEEDS=N  N seeds of the cluster simulator; SEED=n repeats one;'
	@echo '                  FULL=1: of its whole stack'
	@echo 'make bench      scoutfs beside XFS, ext4 and btrfs; bench-insns counts'
	@echo '                instructions'
	@echo 'make bench-cluster  scoutfs, GFS2 and OCFS2 on two nodes'
	@echo 'make deps       install the packages named in packages.txt'
	@echo 'make sparse     sparse over the modules'
	@echo 'make clean      remove build/'

deps:
	@scripts/install-deps

# --- build -------------------------------------------------------------------

# Modules are built from a copy, so that the sources stay clean and several
# kernels can be built side by side. Locked: two makes may share build/.
sync-modules:
	@test -e $(KDIR)/Makefile || { \
		echo 'no kernel headers in $(KDIR): install linux-headers-$(KVER), or "make deps"' >&2; \
		exit 1; }
	@mkdir -p $(KBUILD_DIR)
	@rsync -a --delete --filter='P *.o' --filter='P *.ko' --filter='P *.mod*' \
		--filter='P .*.cmd' --filter='P .*.d' --filter='P Module.symvers' \
		--filter='P modules.order' modules/ $(KBUILD_DIR)/
.PHONY: sync-modules

modules:
	@mkdir -p $(BUILD)/$(KVER)
	@flock $(BUILD)/$(KVER)/lock $(MAKE) modules-locked
.PHONY: modules modules-locked

modules-locked: sync-modules
	@$(KBUILD) modules

sparse:
	@mkdir -p $(BUILD)/$(KVER)
	@flock $(BUILD)/$(KVER)/lock $(MAKE) sparse-locked
.PHONY: sparse-locked

sparse-locked: sync-modules
	@$(KBUILD) C=2 CF=-Wsparse-error modules

programs:
	@mkdir -p $(USER_DIR)
	@flock $(USER_DIR)/.lock $(MAKE) -j$(JOBS) -C userspace BUILD=$(USER_DIR)

install: all
	install -d '$(DESTDIR)/lib/modules/$(KVER)/updates/scoutfs'
	find $(KBUILD_DIR) -name '*.ko' -exec install -m 644 -t \
		'$(DESTDIR)/lib/modules/$(KVER)/updates/scoutfs' {} +
	$(MAKE) -C userspace BUILD=$(USER_DIR) DESTDIR='$(DESTDIR)' install
	@test -n '$(DESTDIR)' || depmod $(KVER)

clean:
	rm -rf $(BUILD)

# What a test machine gets on top of the host's files.
vm-root: all
	@mkdir -p $(BUILD)/vm
	@flock $(BUILD)/vm/root.lock sh -c 'rm -rf $(ROOT_DIR) && \
		$(MAKE) -s install KVER=$(KVER) KDIR=$(KDIR) DESTDIR=$(ROOT_DIR) >/dev/null'

stock-root:
	@$(MAKE) vm-root KVER=$(VM_KVER)
.PHONY: stock-root

# --- tests: each part prints TAP ----------------------------------------------

run: deps
	@$(MAKE) stock-root
	@selftests/run-demo

check: deps
	@scripts/run-checks build lint unit sim fuzz vm

check-long: deps
	@scripts/run-checks build lint unit sim-long fuzz vm-long

check-debug: deps debug-kernel
	@scripts/run-checks vm-debug

check-build:
	@echo 1..2
	@$(MAKE) stock-root >&2 && echo 'ok 1 build' || { echo 'not ok 1 build'; exit 1; }
	@kver=$$(scripts/find-kernel --series $(NEXT_SERIES)) && $(MAKE) modules KVER=$$kver >&2 && \
		echo 'ok 2 build for $(NEXT_SERIES)' || { echo 'not ok 2 build for $(NEXT_SERIES)'; exit 1; }

lint:
	@KVER=$(VM_KVER) scripts/lint

check-unit:
	@$(MAKE) -C selftests/unit BUILD=$(BUILD)/unit check

check-sim:
	@$(MAKE) -C selftests/sim BUILD=$(BUILD)/sim check

check-sim-long:
	@$(MAKE) -C selftests/sim BUILD=$(BUILD)/sim check-long

sim:
	@$(MAKE) -C selftests/sim BUILD=$(BUILD)/sim run \
		$(if $(SEEDS),SEEDS=$(SEEDS)) $(if $(SEED),SEED=$(SEED)) \
		$(if $(FULL),FULL=1)

check-fuzz:
	@$(MAKE) -C selftests/fuzz BUILD=$(BUILD)/fuzz check

# T is a list of areas or area/name globs
check-vm: stock-root
	@selftests/run-vm --jobs $(VM_JOBS) $(if $(PENDING),--pending) $(T)

check-vm-long: stock-root
	@selftests/run-vm --jobs $(VM_JOBS) --long $(T)

check-vm-debug: debug-kernel
	@$(MAKE) vm-root KDIR=$(DEBUG_KDIR)
	@selftests/run-vm --kernel debug $(T)

debug-kernel:
	@scripts/build-debug-kernel

bench: deps
	@$(MAKE) stock-root
	@selftests/bench/run-bench

bench-insns: deps
	@$(MAKE) stock-root
	@selftests/bench/run-bench --icount
.PHONY: bench-insns

bench-cluster: deps
	@$(MAKE) stock-root
	@selftests/bench/run-cluster
.PHONY: check-sim-long check-vm-long check-vm-debug bench-cluster
