#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# vm: guest
# What writes allocate is what section 3.7 of the archive ABI says, in both modes: random
# writes, synced or not, against a model that goes block by block.
. "$(dirname "$0")/../../lib.sh"

require_cmd python3
mkfs_vol
mount_vol
options=$(echo /sys/fs/scoutfs/*/mount_options)
[ -d "$options" ] || fail "no mount options in sysfs: $options"
cat >/tmp/prealloc.py <<'PYTHON'
import ctypes, fcntl, mmap, os, random, struct, sys

BLOCK = 4096
FS_IOC_FIEMAP = 0xc020660b
UNWRITTEN = 0x800

class Model:
    def __init__(self, contig, most):
        self.contig, self.most = contig, most
        self.has, self.online = set(), set()

    def until_next(self, block, end):
        while block < end and block not in self.has:
            block += 1
        return block

    def alloc(self, b):
        if self.contig:
            n = 1
            if b > 1 and b == len(self.online):
                n = min(b, self.most)
            start, end = b, self.until_next(b, b + n)
        else:
            region = b - b % self.most
            start = region
            if any(x in self.has for x in range(region, b)):
                start = b
            end = self.until_next(b, region + self.most)
            n = min(end - start, max(1, len(self.online)))
            if start + n <= b:
                start = b - n + 1
            end = start + n
        self.has.update(range(start, end))

    def write(self, first, nr):
        for b in range(first, first + nr):
            if b not in self.has:
                self.alloc(b)
            self.online.add(b)

    def truncate(self, blocks):
        self.has = {b for b in self.has if b < blocks}
        self.online = {b for b in self.online if b < blocks}

    def punch(self, first, nr):
        gone = set(range(first, first + nr))
        self.has -= gone
        self.online -= gone

def fiemap(fd):
    most = 2000
    buf = bytearray(struct.pack("=QQLLLL", 0, 2**63 - 1, 1, 0, most, 0) +
                    bytes(56 * most))
    fcntl.ioctl(fd, FS_IOC_FIEMAP, buf)
    nr = struct.unpack_from("=L", buf, 20)[0]
    has, online = set(), set()
    for i in range(nr):
        logical, _, length, _, _, flags = struct.unpack_from("=QQQQQL", buf, 32 + 56 * i)
        blocks = range(logical // BLOCK, (logical + length) // BLOCK)
        has.update(blocks)
        if not flags & UNWRITTEN:
            online.update(blocks)
    return has, online

def runs(blocks):
    out, last = [], None
    for b in sorted(blocks):
        if out and b == last + 1:
            out[-1][1] = b
        else:
            out.append([b, b])
        last = b
    return " ".join("%d-%d" % (a, z) for a, z in out)

libc = ctypes.CDLL(None, use_errno=True)
def punch(fd, first, nr):
    if libc.fallocate(fd, 3, ctypes.c_long(first * BLOCK), ctypes.c_long(nr * BLOCK)):
        raise OSError(ctypes.get_errno(), "fallocate")

def write_mapped(fd, first, nr):
    if os.fstat(fd).st_size < (first + nr) * BLOCK:
        return 0
    with mmap.mmap(fd, (first + nr) * BLOCK) as m:
        # no readahead: a large folio becomes dirty as a whole
        m.madvise(mmap.MADV_RANDOM)
        for b in range(first, first + nr):
            m[b * BLOCK] = 1
    return nr

def write_direct(path, first, nr):
    fd = os.open(path, os.O_RDWR | os.O_DIRECT)
    with mmap.mmap(-1, nr * BLOCK) as m:
        if os.pwrite(fd, m, first * BLOCK) != nr * BLOCK:
            raise OSError("short direct write")
    os.close(fd)

def one(path, seed, contig, most):
    rnd = random.Random(seed)
    model = Model(contig, most)
    done = []
    if os.path.exists(path):
        os.unlink(path)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    reach = rnd.choice([8, 30, 300])
    step = rnd.choice([1, 4, 40])
    streaming = rnd.random() < 0.6
    at = 0
    # one that is small at first has its bytes elsewhere than in a block
    if rnd.random() < 0.3:
        os.pwrite(fd, b"x" * 100, 0)
        model.online.add(0)
        if rnd.random() < 0.5:
            os.fsync(fd)
        os.pwrite(fd, b"x" * (BLOCK - 100), 100)
        model.online.clear()
        model.write(0, 1)
        done.append("small")
        at = 1
    for _ in range(rnd.randrange(1, 30)):
        nr = rnd.randrange(1, step + 1)
        first = at if streaming and rnd.random() < 0.9 else rnd.randrange(reach)
        kind = rnd.choice(["write"] * 12 + ["fsync", "direct", "mmap", "part", "truncate", "punch", "stat"])
        done.append("%s %d+%d" % (kind, first, nr))
        if kind == "fsync":
            os.fsync(fd)
            continue
        if kind == "stat":
            got = os.fstat(fd).st_blocks // 8
            if got != len(model.online):
                return "%d blocks instead of %d: %s" % (got, len(model.online), ", ".join(done))
            continue
        if kind == "truncate":
            os.ftruncate(fd, first * BLOCK)
            model.truncate(first)
            at = first
            continue
        if kind == "punch":
            punch(fd, first, nr)
            model.punch(first, nr)
            continue
        if kind == "direct":
            write_direct(path, first, nr)
        elif kind == "mmap":
            nr = write_mapped(fd, first, nr)
        elif kind == "part":
            nr = 1
            # more than fits into an item
            os.pwrite(fd, b"x" * 1000, first * BLOCK + rnd.randrange(3000))
        else:
            os.pwrite(fd, b"x" * nr * BLOCK, first * BLOCK)
        model.write(first, nr)
        at = first + nr
    has, online = fiemap(fd)
    os.close(fd)
    os.unlink(path)
    if has == model.has and online == model.online:
        return None
    return "has %s, online %s\nwanted %s, online %s\nafter %s" % (
        runs(has), runs(online), runs(model.has), runs(model.online), ", ".join(done))

contig, most, seeds = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
bad = 0
for seed in range(seeds):
    wrong = one(sys.argv[1], seed, contig, most)
    # the end of the mount's free extent may have cut a fill short, but not each time
    for _ in range(2):
        wrong = wrong and one(sys.argv[1], seed, contig, most)
    if wrong:
        print("contig_only=%d blocks=%d seed %d:\n%s" % (contig, most, seed, wrong))
        bad += 1
        if bad == 3:
            break
sys.exit(bad != 0)
PYTHON
for contig in 1 0; do
	echo $contig >"$options/data_prealloc_contig_only"
	for blocks in 1 7 16 64 2048; do
		echo $blocks >"$options/data_prealloc_blocks"
		python3 /tmp/prealloc.py "$MNT/f" $contig $blocks 150 ||
			fail "contig_only=$contig, blocks=$blocks: not what the ABI says"
	done
done
# the shapes of a file that is written from front to back, block by block
echo 1 >"$options/data_prealloc_contig_only"
echo 2048 >"$options/data_prealloc_blocks"
for nr in 1 2 3 4 5 8 9 2049 4097; do
	dd if=/dev/zero of="$MNT/s" bs=4k count=$nr status=none
	sync -f "$MNT/s"
	has=$(filefrag -v "$MNT/s" | awk '$1 ~ /^[0-9]+:/ { sub(/:/, "", $6); n += $6 } END { print n }')
	case $nr in
	1 | 2) want=$nr ;;
	3 | 4) want=4 ;;
	5 | 8) want=8 ;;
	9) want=16 ;;
	*) want=$(((nr + 2047) / 2048 * 2048)) ;;
	esac
	[ "$has" = $want ] || fail "$nr blocks written: $has allocated, not $want"
	rm "$MNT/s"
done
end_clean
