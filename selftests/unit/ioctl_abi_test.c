// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header that agents are built with: numbers and layouts as the archive ABI's
 * tables have them, written down here once more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fs/scoutfs_ioctl.h"

#define SIZE(type, bytes) \
	_Static_assert(sizeof(struct scoutfs_ioctl_##type) == (bytes), #type)
#define AT(type, member, offset)					       \
	_Static_assert(offsetof(struct scoutfs_ioctl_##type, member) ==       \
		       (offset), #type "." #member)

SIZE(walk_inodes_entry, 24);
AT(walk_inodes_entry, ino, 8);
AT(walk_inodes_entry, minor, 16);
SIZE(walk_inodes, 72);
AT(walk_inodes, last, 24);
AT(walk_inodes, entries_ptr, 48);
AT(walk_inodes, nr_entries, 56);
AT(walk_inodes, index, 60);
SIZE(ino_path, 40);
AT(ino_path, result_ptr, 24);
AT(ino_path, result_bytes, 32);
SIZE(ino_path_result, 24);
AT(ino_path_result, path_bytes, 16);
AT(ino_path_result, path, 24);
SIZE(release, 24);
AT(release, length, 8);
AT(release, data_version, 16);
SIZE(stage, 32);
AT(stage, buf_ptr, 8);
AT(stage, offset, 16);
AT(stage, length, 24);
SIZE(stat_more, 56);
AT(stat_more, data_version, 16);
AT(stat_more, online_blocks, 24);
AT(stat_more, offline_blocks, 32);
AT(stat_more, crtime_sec, 40);
AT(stat_more, crtime_nsec, 48);
SIZE(data_waiting, 40);
AT(data_waiting, after_iblock, 16);
AT(data_waiting, ents_ptr, 24);
AT(data_waiting, ents_nr, 32);
SIZE(data_waiting_entry, 24);
AT(data_waiting_entry, op, 16);
SIZE(setattr_more, 48);
AT(setattr_more, ctime_nsec, 32);
AT(setattr_more, crtime_nsec, 36);
AT(setattr_more, crtime_sec, 40);
SIZE(listxattr_hidden, 24);
AT(listxattr_hidden, buf_bytes, 16);
AT(listxattr_hidden, hash_pos, 20);
SIZE(search_xattrs, 56);
AT(search_xattrs, output_flags, 32);
AT(search_xattrs, nr_inodes, 40);
AT(search_xattrs, name_bytes, 48);
SIZE(statfs_more, 48);
AT(statfs_more, committed_seq, 16);
AT(statfs_more, reserved_meta_blocks, 40);
SIZE(data_wait_err, 48);
AT(data_wait_err, op, 32);
AT(data_wait_err, err, 40);
SIZE(alloc_detail, 16);
SIZE(alloc_detail_entry, 24);
AT(alloc_detail_entry, type, 16);
AT(alloc_detail_entry, __pad, 18);
SIZE(move_blocks, 48);
AT(move_blocks, to_off, 24);
AT(move_blocks, flags, 40);
SIZE(resize_devices, 16);
SIZE(read_xattr_totals, 40);
AT(read_xattr_totals, totals_ptr, 24);
SIZE(xattr_total, 40);
AT(xattr_total, total, 24);
SIZE(get_allocated_inos, 24);
SIZE(get_referring_entries, 40);
AT(get_referring_entries, entries_ptr, 24);
SIZE(dirent, 32);
AT(dirent, entry_bytes, 24);
AT(dirent, flags, 26);
AT(dirent, d_type, 27);
AT(dirent, name_len, 28);
AT(dirent, name, 29);
SIZE(inode_attr_x, 104);
AT(inode_attr_x, ctime_sec, 56);
AT(inode_attr_x, ctime_nsec, 64);
AT(inode_attr_x, crtime_nsec, 68);
AT(inode_attr_x, crtime_sec, 72);
AT(inode_attr_x, size, 80);
AT(inode_attr_x, bits, 88);
AT(inode_attr_x, project_id, 96);
SIZE(quota_rule, 48);
AT(quota_rule, limit, 24);
AT(quota_rule, prio, 32);
AT(quota_rule, op, 33);
AT(quota_rule, rule_flags, 34);
AT(quota_rule, name_source, 35);
AT(quota_rule, name_flags, 38);
SIZE(get_quota_rules, 32);
AT(get_quota_rules, rules_ptr, 16);
SIZE(read_xattr_index, 72);
AT(read_xattr_index, first, 8);
AT(read_xattr_index, last, 32);
AT(read_xattr_index, entries_ptr, 56);
SIZE(xattr_index_entry, 24);
AT(xattr_index_entry, ino, 8);
AT(xattr_index_entry, major, 16);
SIZE(punch_offline, 32);
AT(punch_offline, flags, 24);
SIZE(inject_totl_delta, 40);
AT(inject_totl_delta, count, 32);

static void test_numbers(void **state)
{
	static const struct {
		uint32_t is, wanted;
	} cmd[] = {
		{ SCOUTFS_IOC_WALK_INODES, 0x4048e801 },
		{ SCOUTFS_IOC_INO_PATH, 0x4028e802 },
		{ SCOUTFS_IOC_RELEASE, 0x4018e803 },
		{ SCOUTFS_IOC_STAGE, 0x4020e804 },
		{ SCOUTFS_IOC_STAT_MORE, 0x8038e805 },
		{ SCOUTFS_IOC_DATA_WAITING, 0x4028e806 },
		{ SCOUTFS_IOC_SETATTR_MORE, 0x4030e807 },
		{ SCOUTFS_IOC_LISTXATTR_HIDDEN, 0xc018e808 },
		{ SCOUTFS_IOC_SEARCH_XATTRS, 0x4038e809 },
		{ SCOUTFS_IOC_STATFS_MORE, 0x8030e80a },
		{ SCOUTFS_IOC_DATA_WAIT_ERR, 0x4030e80b },
		{ SCOUTFS_IOC_ALLOC_DETAIL, 0x4010e80c },
		{ SCOUTFS_IOC_MOVE_BLOCKS, 0x4030e80d },
		{ SCOUTFS_IOC_RESIZE_DEVICES, 0x4010e80e },
		{ SCOUTFS_IOC_READ_XATTR_TOTALS, 0x4028e80f },
		{ SCOUTFS_IOC_GET_ALLOCATED_INOS, 0x4018e810 },
		{ SCOUTFS_IOC_GET_REFERRING_ENTRIES, 0x4028e811 },
		{ SCOUTFS_IOC_GET_ATTR_X, 0x4068e812 },
		{ SCOUTFS_IOC_SET_ATTR_X, 0x4068e813 },
		{ SCOUTFS_IOC_GET_QUOTA_RULES, 0x8020e814 },
		{ SCOUTFS_IOC_ADD_QUOTA_RULE, 0x4030e815 },
		{ SCOUTFS_IOC_DEL_QUOTA_RULE, 0x4030e816 },
		{ SCOUTFS_IOC_READ_XATTR_INDEX, 0x8048e817 },
		{ SCOUTFS_IOC_PUNCH_OFFLINE, 0x4020e818 },
		{ SCOUTFS_IOC_INJECT_TOTL_DELTA, 0x4028e819 },
	};
	size_t i;

	for (i = 0; i < sizeof(cmd) / sizeof(cmd[0]); i++)
		assert_int_equal(cmd[i].is, cmd[i].wanted);
}

static void test_bits(void **state)
{
	assert_int_equal(SCOUTFS_IOC_WALK_INODES_META_SEQ, 0);
	assert_int_equal(SCOUTFS_IOC_WALK_INODES_DATA_SEQ, 1);
	assert_int_equal(SCOUTFS_IOC_DWO_READ, 1);
	assert_int_equal(SCOUTFS_IOC_DWO_WRITE, 2);
	assert_int_equal(SCOUTFS_IOC_DWO_CHANGE_SIZE, 4);
	assert_int_equal(SCOUTFS_IOC_DWO_UNKNOWN, 0x7f8);
	assert_int_equal(SCOUTFS_IOC_SETATTR_MORE_OFFLINE, 1);
	assert_int_equal(SCOUTFS_SEARCH_XATTRS_OFLAG_END, 1);
	assert_int_equal(SCOUTFS_IOC_MB_STAGE, 1);
	assert_int_equal(SCOUTFS_IOCTL_DIRENT_FLAG_LAST, 1);
	assert_int_equal(SCOUTFS_IOC_IAX_META_SEQ, 0x001);
	assert_int_equal(SCOUTFS_IOC_IAX_DATA_SEQ, 0x002);
	assert_int_equal(SCOUTFS_IOC_IAX_DATA_VERSION, 0x004);
	assert_int_equal(SCOUTFS_IOC_IAX_ONLINE_BLOCKS, 0x008);
	assert_int_equal(SCOUTFS_IOC_IAX_OFFLINE_BLOCKS, 0x010);
	assert_int_equal(SCOUTFS_IOC_IAX_CTIME, 0x020);
	assert_int_equal(SCOUTFS_IOC_IAX_CRTIME, 0x040);
	assert_int_equal(SCOUTFS_IOC_IAX_SIZE, 0x080);
	assert_int_equal(SCOUTFS_IOC_IAX_RETENTION, 0x100);
	assert_int_equal(SCOUTFS_IOC_IAX_PROJECT_ID, 0x200);
	assert_int_equal(SCOUTFS_IOC_IAX__BITS, 0x100);
	assert_true(SCOUTFS_IOC_IAX__UNKNOWN == (uint64_t)-0x400);
	assert_true(SCOUTFS_IOC_IAX_F__UNKNOWN == (uint64_t)-2);
	assert_true(SCOUTFS_IOC_SETATTR_MORE_UNKNOWN == (uint64_t)-2);
	assert_true(SCOUTFS_IOC_MB_UNKNOWN == (uint64_t)-2);
	assert_true(SCOUTFS_IOC_DATA_WAITING_FLAGS_UNKNOWN == (uint64_t)-1);
}

static void test_bit_fields(void **state)
{
	struct scoutfs_ioctl_alloc_detail_entry ent = { .avail = 1 };

	assert_int_equal(((uint8_t *)&ent)[17], 2);
	ent.meta = 1;
	assert_int_equal(((uint8_t *)&ent)[17], 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_bit_fields),
	};

	return cmocka_run_group_tests_name("ioctl abi", tests, NULL, NULL);
}
