// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames: checks, checksums, errors on the wire, frames out of bytes.
 *
 * Nothing is allocated for a frame before its header has passed its check, so
 * that no length from the network is trusted.
 */
#include "net/frame.h"

static const int sfs_frame_errors[SFS_FRAME_NR_STATUSES] = {
	[SFS_FRAME_OK]		= 0,
	[SFS_FRAME_EPROTO]	= -EPROTO,
	[SFS_FRAME_ESTALE]	= -ESTALE,
	[SFS_FRAME_ECONNRESET]	= -ECONNRESET,
	[SFS_FRAME_ESHUTDOWN]	= -ESHUTDOWN,
	[SFS_FRAME_EBUSY]	= -EBUSY,
	[SFS_FRAME_EAGAIN]	= -EAGAIN,
	[SFS_FRAME_ENOMEM]	= -ENOMEM,
	[SFS_FRAME_EACCES]	= -EACCES,
	[SFS_FRAME_EPERM]	= -EPERM,
	[SFS_FRAME_ENOENT]	= -ENOENT,
	[SFS_FRAME_EINVAL]	= -EINVAL,
	[SFS_FRAME_EEXIST]	= -EEXIST,
	[SFS_FRAME_EOPNOTSUPP]	= -EOPNOTSUPP,
	[SFS_FRAME_EIO]		= -EIO,
	[SFS_FRAME_ENOTCONN]	= -ENOTCONN,
	[SFS_FRAME_EHOSTUNREACH] = -EHOSTUNREACH,
	[SFS_FRAME_EROFS]	= -EROFS,
};

/* What a frame of each kind may have; [0] stays impossible. */
static const struct sfs_frame_rule {
	u32 max_len;
	u8 min_stream;
	u8 max_stream;
	u8 is_numbered:1;
	u8 has_request:1;
	u8 has_status:1;
	u8 has_session:1;
} sfs_frame_rules[SFS_FRAME_NR_KINDS] = {
	[SFS_FRAME_HELLO] = {
		.max_len = SFS_NET_HELLO_MAX, .has_session = 1,
	},
	[SFS_FRAME_HELLO_REPLY] = {
		.max_len = SFS_NET_HELLO_MAX, .has_session = 1, .has_status = 1,
	},
	[SFS_FRAME_MESSAGE] = {
		.max_len = SFS_NET_PAYLOAD_MAX, .has_session = 1,
		.is_numbered = 1, .max_stream = SFS_NET_NR_CLASSES - 1,
	},
	[SFS_FRAME_REQUEST] = {
		.max_len = SFS_NET_PAYLOAD_MAX, .has_session = 1,
		.is_numbered = 1, .has_request = 1,
		.min_stream = SFS_NET_REQUEST, .max_stream = SFS_NET_REQUEST,
	},
	[SFS_FRAME_REPLY] = {
		.max_len = SFS_NET_PAYLOAD_MAX, .has_session = 1,
		.is_numbered = 1, .has_request = 1,
		.min_stream = SFS_STREAM_REPLY, .max_stream = SFS_STREAM_REPLY,
	},
	[SFS_FRAME_ACK] = { .has_session = 1 },
	[SFS_FRAME_CLOSE] = { .has_session = 1, .has_status = 1 },
	[SFS_FRAME_DATAGRAM] = { .max_len = SFS_NET_DATAGRAM_MAX },
};

struct sfs_frame *sfs_frame_alloc(u32 len)
{
	struct sfs_frame *frame;

	/* the sender cannot go on without, and a receiver holds few of them */
	frame = kvmalloc(sizeof(*frame) + len, GFP_NOFS | __GFP_NOFAIL);
	INIT_LIST_HEAD(&frame->list);
	refcount_set(&frame->refs, 1);
	frame->len = len;
	memset(&frame->hdr, 0, sizeof(frame->hdr));
	frame->hdr.len = cpu_to_le32(len);
	return frame;
}

void sfs_frame_get(struct sfs_frame *frame)
{
	refcount_inc(&frame->refs);
}

void sfs_frame_put(struct sfs_frame *frame)
{
	if (frame && refcount_dec_and_test(&frame->refs))
		kvfree(frame);
}

void sfs_frame_put_list(struct list_head *frames)
{
	struct sfs_frame *frame, *next;

	list_for_each_entry_safe(frame, next, frames, list) {
		list_del_init(&frame->list);
		sfs_frame_put(frame);
	}
}

u32 sfs_frame_csum(const struct sfs_frame_hdr *hdr, const void *data, u32 len)
{
	static const u8 zero[sizeof(hdr->csum)];
	const u8 *bytes = (const u8 *)hdr;
	u32 crc;

	crc = crc32c(~0U, bytes, sizeof(hdr->magic));
	crc = crc32c(crc, zero, sizeof(zero));
	crc = crc32c(crc, bytes + 8, sizeof(*hdr) - 8);
	return crc32c(crc, data, len);
}

void sfs_frame_seal(struct sfs_frame_hdr *hdr, const void *data)
{
	hdr->magic = cpu_to_le32(SFS_FRAME_MAGIC);
	hdr->version = SFS_FRAME_VERSION;
	hdr->csum = cpu_to_le32(sfs_frame_csum(hdr, data,
					       le32_to_cpu(hdr->len)));
}

/* NULL, or what is wrong with a header whose checksum may be wrong. */
const char *sfs_frame_check_hdr(const struct sfs_frame_hdr *hdr)
{
	const struct sfs_frame_rule *rule;

	if (le32_to_cpu(hdr->magic) != SFS_FRAME_MAGIC)
		return "magic";
	if (hdr->version != SFS_FRAME_VERSION)
		return "version";
	if (!hdr->kind || hdr->kind >= SFS_FRAME_NR_KINDS)
		return "kind";
	rule = &sfs_frame_rules[hdr->kind];
	if (le32_to_cpu(hdr->len) > rule->max_len)
		return "length";
	if (hdr->stream < rule->min_stream || hdr->stream > rule->max_stream)
		return "stream";
	if (hdr->kind == SFS_FRAME_MESSAGE && hdr->stream == SFS_NET_REQUEST)
		return "stream";
	if (!hdr->rid)
		return "rid";
	if (!hdr->session != !rule->has_session)
		return "session";
	if (!hdr->seq != !rule->is_numbered)
		return "seq";
	if (!hdr->request != !rule->has_request)
		return "request";
	if (hdr->status && !rule->has_status)
		return "status";
	if (le32_to_cpu(hdr->status) >= SFS_FRAME_NR_STATUSES)
		return "status";
	if (le32_to_cpu(hdr->flags) &
	    ~(hdr->kind == SFS_FRAME_HELLO ? SFS_FRAME_RESUME : 0U))
		return "flags";
	return NULL;
}

/* NULL, or what is wrong; @len bytes follow the header. */
const char *sfs_frame_check(const struct sfs_frame_hdr *hdr, const void *data,
			    u32 len)
{
	const char *bad = sfs_frame_check_hdr(hdr);

	if (bad)
		return bad;
	if (le32_to_cpu(hdr->len) != len)
		return "length";
	if (le32_to_cpu(hdr->csum) != sfs_frame_csum(hdr, data, len))
		return "checksum";
	return NULL;
}

int sfs_frame_error(u32 status)
{
	return status < SFS_FRAME_NR_STATUSES ? sfs_frame_errors[status] :
						-EPROTO;
}

/* The status of 0 or -errno; SFS_FRAME_EIO for what has none. */
u32 sfs_frame_status(int error)
{
	u32 status;

	for (status = 0; status < SFS_FRAME_NR_STATUSES; status++)
		if (sfs_frame_errors[status] == error)
			return status;
	return SFS_FRAME_EIO;
}

void sfs_frame_reader_init(struct sfs_frame_reader *reader, u64 fsid)
{
	reader->fsid = fsid;
	reader->nr_bytes = 0;
	reader->frame = NULL;
}

void sfs_frame_reader_exit(struct sfs_frame_reader *reader)
{
	sfs_frame_put(reader->frame);
	reader->frame = NULL;
	reader->nr_bytes = 0;
}

static int sfs_frame_reader_begin(struct sfs_frame_reader *reader,
				  const char **bad)
{
	*bad = sfs_frame_check_hdr(&reader->hdr);
	if (*bad)
		return -EBADMSG;
	if (le64_to_cpu(reader->hdr.fsid) != reader->fsid)
		return -EXDEV;
	reader->frame = sfs_frame_alloc(le32_to_cpu(reader->hdr.len));
	reader->frame->hdr = reader->hdr;
	return 0;
}

static int sfs_frame_reader_end(struct sfs_frame_reader *reader,
				sfs_frame_fn fn, void *arg, const char **bad)
{
	struct sfs_frame *frame = reader->frame;

	*bad = sfs_frame_check(&frame->hdr, frame->data, frame->len);
	if (*bad)
		return -EBADMSG;
	reader->frame = NULL;
	reader->nr_bytes = 0;
	return fn(arg, frame);
}

/**
 * sfs_frame_reader_push() - bytes came
 * @reader: of the connection
 * @data: bytes
 * @len: of them
 * @fn: gets each complete and correct frame
 * @arg: passed to it
 * @bad: set to what is wrong with -EBADMSG
 *
 * Return: 0; -EBADMSG: a bad frame; -EXDEV: a frame of another volume; or what
 * @fn returned.  The reader is of no use after an error.
 */
int sfs_frame_reader_push(struct sfs_frame_reader *reader, const void *data,
			  u32 len, sfs_frame_fn fn, void *arg,
			  const char **bad)
{
	const u32 hdr_len = sizeof(reader->hdr);
	const u8 *from = data;
	int ret;

	while (len) {
		bool in_hdr = reader->nr_bytes < hdr_len;
		u8 *to = in_hdr ? (u8 *)&reader->hdr + reader->nr_bytes :
			 reader->frame->data + (reader->nr_bytes - hdr_len);
		u32 want = in_hdr ? hdr_len - reader->nr_bytes :
			   hdr_len + reader->frame->len - reader->nr_bytes;
		u32 nr = min(want, len);

		memcpy(to, from, nr);
		reader->nr_bytes += nr;
		from += nr;
		len -= nr;
		if (nr < want)
			return 0;
		if (in_hdr) {
			ret = sfs_frame_reader_begin(reader, bad);
			if (ret)
				return ret;
			if (reader->frame->len)
				continue;
		}
		ret = sfs_frame_reader_end(reader, fn, arg, bad);
		if (ret)
			return ret;
	}
	return 0;
}
