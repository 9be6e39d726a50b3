/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data path: file pages to data extents through iomap.
 *
 * Space is allocated by write(2) and page faults, as unwritten extents;
 * write-back writes it and its completion makes the extents written and grows
 * the stored size, so what a crash leaves is either old data or zeroes.  Files of
 * a few hundred bytes get no space: see small.c.
 */
#ifndef SFS_DATA_H
#define SFS_DATA_H

#include <linux/fs.h>
#include <linux/iomap.h>

/* One mapping covers at most this many blocks; far more than any extent. */
#define SFS_DATA_MAP_BLOCKS	(1ULL << 50)

enum sfs_data_limits {
	/* bytes of one write(2) that other mounts see at once */
	SFS_DATA_WRITE_BYTES	= 4 << 20,
	SFS_DATA_WRITE_TRIES	= 1000,	/* times its source may be paged out */
};

extern const struct address_space_operations sfs_data_aops;
/* read pages: called with a page locked and the group's lock pinned */
extern const struct iomap_ops sfs_data_read_ops;
/* fiemap and lseek: may wait */
extern const struct iomap_ops sfs_data_report_ops;
/* write and zero; with sfs_data_hold() */
extern const struct iomap_ops sfs_data_write_ops;

struct sfs_fill;
struct sfs_map;

void sfs_data_ioend_work(struct work_struct *work);
/* Blocks were freed: remembered mappings are wrong. */
void sfs_data_freed(struct inode *inode);
/* Use the volume's words for an extent. */
void sfs_data_to_iomap(struct inode *inode, const struct sfs_map *map,
		       u64 seq, struct iomap *iomap);
/*
 * The extent or hole at the block, up to its end (SFS_DATA_MAP_BLOCKS at most), as
 * sfs_ns_map().
 */
int sfs_data_map_rest(struct inode *inode, u64 block, unsigned int flags,
		      struct sfs_map *map);
/* With sfs_data_hold(): block 0 has space. */
int sfs_data_give_first(struct inode *inode);
int sfs_data_hold(struct inode *inode);
void sfs_data_release(struct inode *inode);
/* Before a file grows past pos: zero what lies between the size and pos. */
int sfs_data_extend(struct inode *inode, loff_t pos);
/* Set the size; the caller has i_rwsem alone. */
int sfs_data_truncate(struct inode *inode, loff_t size, struct timespec64 now);
vm_fault_t sfs_data_mkwrite(struct vm_fault *vmf);
/* Can the device do it? */
bool sfs_data_is_direct(const struct kiocb *iocb, const struct iov_iter *iter);
ssize_t sfs_data_direct_read(struct kiocb *iocb, struct iov_iter *to);
ssize_t sfs_data_direct_overwrite(struct kiocb *iocb, struct iov_iter *from);
ssize_t sfs_data_direct_write(struct kiocb *iocb, struct iov_iter *from);

/* ---- blocks.c: which blocks get space ------------------------------------ */

/*
 * With sfs_data_hold() and, unless it is for a fault, i_rwsem: for a write of @len
 * blocks at the beginning of @hole, which is all up to the next extent.
 */
int sfs_data_choose(struct inode *inode, const struct sfs_map *hole, u64 len,
		    struct sfs_fill *fill);
/* The same: so many blocks have space and are going to be written. */
void sfs_data_stream_write(struct inode *inode, u64 block, u64 len);
/* Others are, and nobody has i_rwsem: a write(2) at the same time may overlook it. */
void sfs_data_stream_fault(struct inode *inode);
/*
 * Blocks that are dirty or being written and not online yet, counted up to @most;
 * -E2BIG: there are many folios to look at, that is how far it came.  @flags: of
 * sfs_ns_map().  A folio counts as a whole.
 */
int sfs_data_dirty_blocks(struct inode *inode, u64 most, unsigned int flags,
			  u64 *blocks);

/* ---- small.c: files that have, or will have, their bytes inline ---------- */

/* Would a file of so many bytes? */
bool sfs_data_is_small(struct inode *inode, loff_t size);
/* Bytes from pos on may be in the item, or in a page without a block. */
bool sfs_data_may_be_inline(struct inode *inode, loff_t pos);
/*
 * With sfs_data_hold(), before a part of block 0, which is not written, changes:
 * the item's bytes are in page 0, which is dirty.  -ENODATA: there is no item.
 */
int sfs_data_load_inline(struct inode *inode);
/* With sfs_data_hold() and i_rwsem, before the file grows to size. */
int sfs_data_outgrow(struct inode *inode, loff_t size);
/* With sfs_data_hold() and i_rwsem: block 0 has space from now on. */
int sfs_data_leave_inline(struct inode *inode);
/* Let a mapping for fiemap or lseek, of block 0 and not written, tell of the bytes. */
int sfs_data_report_inline(struct inode *inode, struct iomap *iomap);
/* The bytes as a mapping, to be given back; 1: they are not inline. */
int sfs_data_map_inline(struct inode *inode, struct iomap *iomap);
void sfs_data_unmap_inline(struct iomap *iomap);
/* Before write-back: page 0, if it is dirty and has no block. */
int sfs_data_store_inline(struct address_space *mapping,
			  struct writeback_control *wbc);

long sfs_data_fallocate(struct file *file, int mode, loff_t pos, loff_t len);

#endif
