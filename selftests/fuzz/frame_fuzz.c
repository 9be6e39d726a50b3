// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzer: frames out of a stream of any bytes, and as datagrams.
 *
 * The first byte chooses how the bytes are cut and whether checksums are put
 * right, without which little would come through.
 */
#include "net/frame.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static u32 fuzz_nr_frames;

static int fuzz_frame(void *arg, struct sfs_frame *frame)
{
	/* what is handed on is what the check passes */
	if (sfs_frame_check(&frame->hdr, frame->data, frame->len))
		port_die("a bad frame was handed on");
	if (le64_to_cpu(frame->hdr.fsid) != *(u64 *)arg)
		port_die("a frame of another volume");
	if (frame->len > SFS_NET_PAYLOAD_MAX ||
	    frame->hdr.stream >= SFS_NR_STREAMS)
		port_die("a frame out of bounds");
	if (frame->hdr.status &&
	    sfs_frame_error(le32_to_cpu(frame->hdr.status)) >= 0)
		port_die("a status without an error");
	fuzz_nr_frames++;
	sfs_frame_put(frame);
	return 0;
}

/* Headers where the reader will look for them get the right checksum. */
static void fuzz_seal(u8 *bytes, size_t size)
{
	struct sfs_frame_hdr hdr;
	size_t at = 0, len;

	while (size - at >= sizeof(hdr)) {
		memcpy(&hdr, bytes + at, sizeof(hdr));
		len = le32_to_cpu(hdr.len) % (SFS_NET_PAYLOAD_MAX + 2);
		len = min(len, size - at - sizeof(hdr));
		hdr.len = cpu_to_le32(len);
		sfs_frame_seal(&hdr, bytes + at + sizeof(hdr));
		memcpy(bytes + at, &hdr, sizeof(hdr));
		at += sizeof(hdr) + len;
	}
}

static void fuzz_stream(const u8 *bytes, size_t size, u32 cut, u64 fsid)
{
	struct sfs_frame_reader reader;
	const char *bad = NULL;
	size_t at, len;
	int ret = 0;

	sfs_frame_reader_init(&reader, fsid);
	for (at = 0; at < size && !ret; at += len) {
		len = min_t(size_t, cut, size - at);
		ret = sfs_frame_reader_push(&reader, bytes + at, len,
					    fuzz_frame, &fsid, &bad);
		if ((ret == -EBADMSG) != !!bad)
			port_die("no reason, or one without an error");
	}
	sfs_frame_reader_exit(&reader);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct sfs_frame_hdr hdr;
	u64 fsid = 0;
	u32 cut, nr;
	u8 *bytes;

	if (size < 1 + sizeof(hdr))
		return 0;
	cut = data[0] & 0x7f ? data[0] & 0x7f : 8192;
	bytes = kmemdup(data + 1, size - 1, GFP_KERNEL | __GFP_NOFAIL);
	if (data[0] & 0x80)
		fuzz_seal(bytes, size - 1);
	memcpy(&hdr, bytes, sizeof(hdr));
	fsid = le64_to_cpu(hdr.fsid);

	fuzz_nr_frames = 0;
	fuzz_stream(bytes, size - 1, cut, fsid);
	nr = fuzz_nr_frames;
	fuzz_nr_frames = 0;
	fuzz_stream(bytes, size - 1, U32_MAX, fsid);
	if (fuzz_nr_frames != nr)
		port_die("the cuts change what comes out");
	kfree(bytes);
	return 0;
}
