/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data path: file pages to data extents through iomap.
 *
 * Space is allocated by write(2) and page faults, as unwritten extents;
 * write-back writes it and its completion makes the extents written and grows
 * the stored size, so what a crash leaves is either old data or zeroes.
 */
#ifndef SFS_DATA_H
#define SFS_DATA_H

#include <linux/fs.h>
#include <linux/iomap.h>

/* Inside the data path: EX was lost and the attributes are old, begin again. */
#define SFS_DATA_AGAIN	(-ECHILD)

/* One mapping covers at most this many blocks; far more than any extent. */
#define SFS_DATA_MAP_BLOCKS	(1ULL << 50)

enum sfs_data_limits {
	SFS_DATA_TRIES	= 1000,		/* times one operation may begin again */
};

extern const struct address_space_operations sfs_data_aops;
/* read pages: called with a page locked and the group's lock pinned */
extern const struct iomap_ops sfs_data_read_ops;
/* fiemap and lseek: may wait */
extern const struct iomap_ops sfs_data_report_ops;
/* write and zero */
extern const struct iomap_ops sfs_data_write_ops;

struct sfs_map;

void sfs_data_ioend_work(struct work_struct *work);
/* Blocks were freed: remembered mappings are wrong. */
void sfs_data_freed(struct inode *inode);
/* Use the volume's words for an extent. */
void sfs_data_to_iomap(struct inode *inode, const struct sfs_map *map,
		       u64 seq, struct iomap *iomap);
/* Before a file grows past pos: zero what lies between the size and pos. */
void sfs_data_begin(struct inode *inode);
int sfs_data_extend(struct inode *inode, loff_t pos);
/* Set the size; the caller holds i_rwsem. */
int sfs_data_truncate(struct inode *inode, loff_t size, struct timespec64 now);
vm_fault_t sfs_data_mkwrite(struct vm_fault *vmf);

#endif
