/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints of the VFS half.  Each line begins with the volume and the mount:
 * fsid and rid as in sysfs.
 *
 * block, len, want: data blocks of 4096 bytes; block of a file, phys of the
 * volume's data space; gen: generation of a group's lock; error: 0 or -errno.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM scoutfs

#if !defined(SFS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SFS_TRACE_H

#include <linux/tracepoint.h>

#include "fs/vfs/vfs.h"

#define SFS_TRACE_VOL		__field(u64, fsid) __field(u64, rid)
#define SFS_TRACE_VOL_SET(vol)	\
	do { __entry->fsid = (vol)->fsid; __entry->rid = (vol)->rid; } while (0)
#define SFS_TRACE_VOL_FMT	"fsid=%016llx rid=%016llx "
#define SFS_TRACE_VOL_ARGS	__entry->fsid, __entry->rid

/* Which volumes were mounted, where and how? */
TRACE_EVENT(scoutfs_mount,
	TP_PROTO(struct super_block *sb, struct sfs_volume *vol),
	TP_ARGS(sb, vol),
	TP_STRUCT__entry(
		SFS_TRACE_VOL
		__field(dev_t, dev)
		__field(bool, is_ro)
	),
	TP_fast_assign(
		SFS_TRACE_VOL_SET(vol);
		__entry->dev = sb->s_dev;
		__entry->is_ro = sb_rdonly(sb);
	),
	TP_printk(SFS_TRACE_VOL_FMT "dev=%d:%d read_only=%d",
		  SFS_TRACE_VOL_ARGS, MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->is_ro)
);

/* Which file locks were asked of the leader, and what did he say? */
TRACE_EVENT(scoutfs_flock,
	TP_PROTO(struct inode *inode, const struct sfs_plock *lock,
		 bool is_wait, int error),
	TP_ARGS(inode, lock, is_wait, error),
	TP_STRUCT__entry(
		SFS_TRACE_VOL
		__field(u64, ino)
		__field(u64, owner)
		__field(u64, start)
		__field(u64, end)
		__field(u8, space)
		__field(u8, kind)
		__field(bool, is_wait)
		__field(int, error)
	),
	TP_fast_assign(
		SFS_TRACE_VOL_SET(&SFS_SB(inode->i_sb)->vol);
		__entry->ino = lock->ino;
		__entry->owner = lock->owner;
		__entry->start = lock->start;
		__entry->end = lock->end;
		__entry->space = lock->space;
		__entry->kind = lock->kind;
		__entry->is_wait = is_wait;
		__entry->error = error;
	),
	TP_printk(SFS_TRACE_VOL_FMT
		  "ino=%llu owner=%016llx start=%llu end=%llu space=%u kind=%u wait=%d error=%d",
		  SFS_TRACE_VOL_ARGS, __entry->ino, __entry->owner,
		  __entry->start, __entry->end, __entry->space, __entry->kind,
		  __entry->is_wait, __entry->error)
);

/* How often does losing a lock cost reading attributes again? */
TRACE_EVENT(scoutfs_revalidate,
	TP_PROTO(struct inode *inode, u64 gen, int error),
	TP_ARGS(inode, gen, error),
	TP_STRUCT__entry(
		SFS_TRACE_VOL
		__field(u64, ino)
		__field(u64, old_gen)
		__field(u64, gen)
		__field(int, error)
	),
	TP_fast_assign(
		SFS_TRACE_VOL_SET(&SFS_SB(inode->i_sb)->vol);
		__entry->ino = sfs_ino(inode);
		__entry->old_gen = SFS_I(inode)->gen;
		__entry->gen = error ? 0 : gen;
		__entry->error = error;
	),
	TP_printk(SFS_TRACE_VOL_FMT "ino=%llu old_gen=%llu gen=%llu error=%d",
		  SFS_TRACE_VOL_ARGS, __entry->ino, __entry->old_gen,
		  __entry->gen, __entry->error)
);

/* What did a revocation write back and drop? */
TRACE_EVENT(scoutfs_revoke,
	TP_PROTO(struct inode *inode, bool is_drop, int error),
	TP_ARGS(inode, is_drop, error),
	TP_STRUCT__entry(
		SFS_TRACE_VOL
		__field(u64, ino)
		__field(bool, is_drop)
		__field(int, error)
	),
	TP_fast_assign(
		SFS_TRACE_VOL_SET(&SFS_SB(inode->i_sb)->vol);
		__entry->ino = sfs_ino(inode);
		__entry->is_drop = is_drop;
		__entry->error = error;
	),
	TP_printk(SFS_TRACE_VOL_FMT "ino=%llu drop=%d error=%d",
		  SFS_TRACE_VOL_ARGS, __entry->ino, __entry->is_drop,
		  __entry->error)
);

DECLARE_EVENT_CLASS(scoutfs_data_map_class,
	TP_PROTO(struct inode *inode, u64 block, u64 want,
		 const struct sfs_map *map, int error),
	TP_ARGS(inode, block, want, map, error),
	TP_STRUCT__entry(
		SFS_TRACE_VOL
		__field(u64, ino)
		__field(u64, block)
		__field(u64, want)
		__field(u64, len)
		__field(u64, phys)
		__field(u32, flags)
		__field(int, error)
	),
	TP_fast_assign(
		SFS_TRACE_VOL_SET(&SFS_SB(inode->i_sb)->vol);
		__entry->ino = sfs_ino(inode);
		__entry->block = block;
		__entry->want = want;
		__entry->len = error ? 0 : map->len;
		__entry->phys = error ? 0 : map->phys;
		__entry->flags = error ? 0 : map->flags;
		__entry->error = error;
	),
	TP_printk(SFS_TRACE_VOL_FMT
		  "ino=%llu block=%llu want=%llu len=%llu phys=%llu flags=0x%x error=%d",
		  SFS_TRACE_VOL_ARGS, __entry->ino, __entry->block,
		  __entry->want, __entry->len, __entry->phys, __entry->flags,
		  __entry->error)
);

/* What did a write ask for, and what did it get? */
DEFINE_EVENT(scoutfs_data_map_class, scoutfs_data_alloc,
	TP_PROTO(struct inode *inode, u64 block, u64 want,
		 const struct sfs_map *map, int error),
	TP_ARGS(inode, block, want, map, error)
);

/* Where does write-back go, and how often does it look? */
DEFINE_EVENT(scoutfs_data_map_class, scoutfs_data_writeback,
	TP_PROTO(struct inode *inode, u64 block, u64 want,
		 const struct sfs_map *map, int error),
	TP_ARGS(inode, block, want, map, error)
);

/* How much does one completion cover? */
TRACE_EVENT(scoutfs_data_ioend,
	TP_PROTO(struct iomap_ioend *ioend, int error),
	TP_ARGS(ioend, error),
	TP_STRUCT__entry(
		SFS_TRACE_VOL
		__field(u64, ino)
		__field(u64, offset)
		__field(u64, bytes)
		__field(u16, type)
		__field(int, error)
	),
	TP_fast_assign(
		SFS_TRACE_VOL_SET(&SFS_SB(ioend->io_inode->i_sb)->vol);
		__entry->ino = sfs_ino(ioend->io_inode);
		__entry->offset = ioend->io_offset;
		__entry->bytes = ioend->io_size;
		__entry->type = ioend->io_type;
		__entry->error = error;
	),
	TP_printk(SFS_TRACE_VOL_FMT
		  "ino=%llu offset=%llu bytes=%llu type=%u error=%d",
		  SFS_TRACE_VOL_ARGS, __entry->ino, __entry->offset,
		  __entry->bytes, __entry->type, __entry->error)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH fs/vfs
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
