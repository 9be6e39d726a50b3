// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and checking frames, see frame.h.
 */
#include "net/frame.h"

static u32 sfs_frame_csum(const struct sfs_frame_hdr *hdr)
{
	const u8 *bytes = (const void *)hdr;
	const __le32 zero = 0;
	u32 crc;

	crc = crc32c(~0U, bytes, offsetof(struct sfs_frame_hdr, csum));
	crc = crc32c(crc, &zero, sizeof(zero));
	return crc32c(crc, bytes + offsetof(struct sfs_frame_hdr, fsid),
		      sizeof(*hdr) - offsetof(struct sfs_frame_hdr, fsid) +
		      le32_to_cpu(hdr->len));
}

void sfs_frame_seal(struct sfs_frame_hdr *hdr)
{
	hdr->csum = cpu_to_le32(sfs_frame_csum(hdr));
}

u32 sfs_frame_len(const struct sfs_frame_hdr *hdr)
{
	u32 len = le32_to_cpu(hdr->len);

	if (le32_to_cpu(hdr->magic) != SFS_FRAME_MAGIC ||
	    len > SFS_NET_PAYLOAD_MAX)
		return 0;
	return sizeof(*hdr) + len;
}
EXPORT_SYMBOL_GPL(sfs_frame_len);

static const char *sfs_frame_check_payload(const struct sfs_frame_hdr *hdr)
{
	u32 len = le32_to_cpu(hdr->len);

	switch (hdr->kind) {
	case SFS_FRAME_HELLO:
	case SFS_FRAME_HELLO_REPLY:
		return len < sizeof(struct sfs_hello_msg) ||
		       len > sizeof(struct sfs_hello_msg) + SFS_NET_HELLO_MAX ?
		       "frame-hello-length" : NULL;
	case SFS_FRAME_MESSAGE:
		return !hdr->seq || hdr->class == SFS_NET_REQUEST ?
		       "frame-sequence" : NULL;
	case SFS_FRAME_REQUEST:
	case SFS_FRAME_REPLY:
		return !hdr->seq || hdr->class != SFS_NET_REQUEST ?
		       "frame-sequence" : NULL;
	case SFS_FRAME_ACK:
		return len != sizeof(struct sfs_ack_msg) ?
		       "frame-ack-length" : NULL;
	case SFS_FRAME_CLOSE:
		return len ? "frame-close-length" : NULL;
	case SFS_FRAME_DATAGRAM:
		return len > SFS_NET_DATAGRAM_MAX || hdr->session ?
		       "frame-datagram" : NULL;
	default:
		return "frame-kind";
	}
}

const char *sfs_frame_check(const struct sfs_frame_hdr *hdr, u32 len)
{
	if (len < sizeof(*hdr))
		return "frame-short";
	if (le32_to_cpu(hdr->magic) != SFS_FRAME_MAGIC)
		return "frame-magic";
	if (hdr->version != SFS_FRAME_VERSION)
		return "frame-version";
	if (sfs_frame_len(hdr) != len)
		return "frame-length";
	if (le32_to_cpu(hdr->csum) != sfs_frame_csum(hdr))
		return "frame-csum";
	if (!hdr->rid || hdr->class >= SFS_NET_NR_CLASSES)
		return "frame-sender";
	return sfs_frame_check_payload(hdr);
}
EXPORT_SYMBOL_GPL(sfs_frame_check);

static const int sfs_hello_errors[SFS_HELLO_NR] = {
	[SFS_HELLO_OK]		= 0,
	[SFS_HELLO_EAGAIN]	= -EAGAIN,
	[SFS_HELLO_EPERM]	= -EPERM,
	[SFS_HELLO_ESTALE]	= -ESTALE,
	[SFS_HELLO_EBUSY]	= -EBUSY,
	[SFS_HELLO_ENOMEM]	= -ENOMEM,
	[SFS_HELLO_EPROTO]	= -EPROTO,
};

u32 sfs_hello_status(int error)
{
	u32 i;

	for (i = 0; i < SFS_HELLO_NR; i++)
		if (sfs_hello_errors[i] == error)
			return i;
	return SFS_HELLO_EPROTO;
}

int sfs_hello_error(u32 status)
{
	return status < SFS_HELLO_NR ? sfs_hello_errors[status] : -EPROTO;
}
