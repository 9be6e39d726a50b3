// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes the fuzzers' seed corpora: corpus DIRECTORY.
 */
#include <sys/stat.h>

#include "fuzz.h"
#include "net/frame.h"

enum { CORPUS_IMAGES = 200 };

static void corpus_file(const char *dir, const char *kind, unsigned int nr,
			const void *data, size_t len)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, kind);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s/seed-%u", dir, kind, nr);
	f = fopen(path, "w");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f))
		port_die("%s: %s", path, strerror(errno));
}

static void corpus_pages(const char *dir, const struct sim_img *img,
			 unsigned int first)
{
	unsigned int i;

	for (i = 0; i < FUZZ_DEV_BYTES / SFS_PAGE_BYTES; i++) {
		const u8 *page = img->flat + (u64)i * SFS_PAGE_BYTES;
		const struct sfs_block_hdr *hdr = (const void *)page;

		switch (le32_to_cpu(hdr->magic)) {
		case SFS_MAGIC_SUPER:
			corpus_file(dir, "super", first + i, page,
				    SFS_PAGE_BYTES);
			break;
		case SFS_MAGIC_RECORD:
			corpus_file(dir, "record", first + i, page,
				    SFS_PAGE_BYTES);
			break;
		case SFS_MAGIC_BTREE:
		case SFS_MAGIC_EXTLIST:
			corpus_file(dir, "block", first + i, page,
				    SFS_PAGE_BYTES);
			break;
		}
	}
}

/* One list block; small volumes need none. */
static void corpus_extlist(const char *dir)
{
	u8 page[SFS_PAGE_BYTES] = { 0 };
	struct sfs_extlist_block *el = (void *)page;

	el->hdr.magic = cpu_to_le32(SFS_MAGIC_EXTLIST);
	el->hdr.type = SFS_BLOCK_EXTLIST;
	el->nr = cpu_to_le32(2);
	el->ext[0].start = cpu_to_le64(100);
	el->ext[0].len = cpu_to_le64(5);
	el->ext[1].start = cpu_to_le64(200);
	el->ext[1].len = cpu_to_le64(7);
	sfs_hdr_seal(page, sizeof(page));
	corpus_file(dir, "block", 0, page, sizeof(page));
}

/* Changes of few bytes in any used page, headers and item heads more often. */
static void corpus_images(const char *dir)
{
	struct sim_rng rng = { .state = 1 };
	unsigned int i;

	for (i = 0; i < CORPUS_IMAGES; i++) {
		u8 input[64];
		size_t len = 1;
		unsigned int n = sim_below(&rng, 4);

		input[0] = i;
		while (n--) {
			put_unaligned_le16(sim_rand(&rng), input + len);
			put_unaligned_le16(sim_below(&rng, 4096) >>
					   sim_below(&rng, 6), input + len + 2);
			input[len + 4] = 0;
			input[len + 5] = sim_rand(&rng);
			len += 6;
		}
		corpus_file(dir, "image", i, input, len);
	}
}

/* A correct frame of each kind, alone and behind a hello. */
static void corpus_frames(const char *dir)
{
	u8 input[1 + 2 * sizeof(struct sfs_frame_hdr) + 8] = { 0x87 };
	struct sfs_frame_hdr hdr = { }, hello = { };
	unsigned int kind, nr = 0;
	u8 *at;

	for (kind = 1; kind < SFS_FRAME_NR_KINDS; kind++) {
		hdr = (struct sfs_frame_hdr) {
			.rid = cpu_to_le64(1),
			.session = cpu_to_le64(kind != SFS_FRAME_DATAGRAM),
			.kind = kind,
		};
		if (kind >= SFS_FRAME_MESSAGE && kind <= SFS_FRAME_REPLY)
			hdr.seq = cpu_to_le64(1);
		if (kind == SFS_FRAME_REQUEST)
			hdr.stream = SFS_NET_REQUEST;
		if (kind == SFS_FRAME_REPLY)
			hdr.stream = SFS_STREAM_REPLY;
		if (hdr.stream)
			hdr.request = cpu_to_le64(1);
		if (kind != SFS_FRAME_ACK && kind != SFS_FRAME_CLOSE)
			hdr.len = cpu_to_le32(8);
		sfs_frame_seal(&hdr, input + sizeof(input) - 8);
		if (kind == SFS_FRAME_HELLO) {
			hello = hdr;
			hello.len = 0;
			sfs_frame_seal(&hello, NULL);
		}
		at = input + 1;
		memcpy(at, &hdr, sizeof(hdr));
		corpus_file(dir, "frame", nr++, input,
			    1 + sizeof(hdr) + le32_to_cpu(hdr.len));
		memcpy(at, &hello, sizeof(hello));
		memcpy(at + sizeof(hello), &hdr, sizeof(hdr));
		corpus_file(dir, "frame", nr++, input, 1 + 2 * sizeof(hdr) +
			    le32_to_cpu(hdr.len));
	}
}

int main(int argc, char **argv)
{
	struct sim_img img[SIM_NR_DEVS];
	unsigned int which;

	if (argc != 2)
		return 2;
	mkdir(argv[1], 0755);
	fuzz_start();
	for (which = 0; which < 2; which++) {
		fuzz_volume_make(img, which);
		corpus_pages(argv[1], &img[SIM_META], which * 100000);
		sim_img_exit(&img[SIM_META]);
		sim_img_exit(&img[SIM_DATA]);
	}
	corpus_extlist(argv[1]);
	corpus_images(argv[1]);
	corpus_frames(argv[1]);
	return 0;
}
