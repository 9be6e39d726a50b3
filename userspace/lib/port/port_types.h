/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Types, compiler annotations, byte order, error pointers and warnings.
 */
#ifndef SFS_PORT_TYPES_H
#define SFS_PORT_TYPES_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

/* ---- integers ---- */

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;

typedef unsigned short umode_t;
typedef u64 sector_t;
typedef s64 time64_t;
typedef s64 ktime_t;

#define U8_MAX		((u8)~0U)
#define S8_MAX		((s8)(U8_MAX >> 1))
#define U16_MAX		((u16)~0U)
#define S16_MAX		((s16)(U16_MAX >> 1))
#define U32_MAX		((u32)~0U)
#define S32_MAX		((s32)(U32_MAX >> 1))
#define S32_MIN		((s32)(-S32_MAX - 1))
#define U64_MAX		((u64)~0ULL)
#define S64_MAX		((s64)(U64_MAX >> 1))
#define S64_MIN		((s64)(-S64_MAX - 1))
#ifndef SIZE_MAX
#define SIZE_MAX	(~(size_t)0)
#endif

#ifndef PAGE_SHIFT
#define PAGE_SHIFT	12
#endif
#undef PAGE_SIZE
#define PAGE_SIZE	(1UL << PAGE_SHIFT)
#undef PAGE_MASK
#define PAGE_MASK	(~(PAGE_SIZE - 1))
#ifndef BITS_PER_LONG
#define BITS_PER_LONG	__LONG_WIDTH__
#endif
#define BITS_PER_LONG_LONG 64
#define BITS_PER_BYTE	8

/* ---- annotations ---- */

#ifdef __CHECKER__
#define __force		__attribute__((force))
#define __nocast	__attribute__((nocast))
#else
#define __force
#define __nocast
#endif

#define __user
#define __iomem
#define __percpu
#define __rcu
#define __must_hold(x)
#define __acquires(x)
#define __releases(x)
#define __acquire(x)	((void)0)
#define __release(x)	((void)0)
#define __cond_lock(x, c) (c)

#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata
#define __read_mostly
#define __ro_after_init

#define __maybe_unused	__attribute__((__unused__))
#define __always_unused	__attribute__((__unused__))
#define __used		__attribute__((__used__))
#define __must_check	__attribute__((__warn_unused_result__))
#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#ifndef __packed
#define __packed	__attribute__((__packed__))
#endif
#ifndef __aligned
#define __aligned(x)	__attribute__((__aligned__(x)))
#endif
#define __cold		__attribute__((__cold__))
#define __weak		__attribute__((__weak__))
#ifndef __always_inline
#define __always_inline	inline __attribute__((__always_inline__))
#endif
#define noinline	__attribute__((__noinline__))
#define __noreturn	__attribute__((__noreturn__))
#define ____cacheline_aligned __aligned(64)
#define ____cacheline_aligned_in_smp __aligned(64)
#define __counted_by(m)
#define __nonstring

#ifdef __CHECKER__
#define fallthrough	do {} while (0)
#else
#define fallthrough	__attribute__((__fallthrough__))
#endif

typedef unsigned int __bitwise gfp_t;
typedef unsigned int __bitwise slab_flags_t;

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define barrier()	__asm__ __volatile__("" : : : "memory")
#define unreachable()	__builtin_unreachable()
#define OPTIMIZER_HIDE_VAR(x) __asm__("" : "=r" (x) : "0" (x))

#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) \
	do { *(volatile __typeof__(x) *)&(x) = (v); } while (0)
#define data_race(x)	(x)

#define smp_mb()	__atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()	__atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()	__atomic_thread_fence(__ATOMIC_RELEASE)
#define mb()		smp_mb()
#define rmb()		smp_rmb()
#define wmb()		smp_wmb()
#define smp_mb__before_atomic()	smp_mb()
#define smp_mb__after_atomic()	smp_mb()
#define smp_mb__after_spinlock() smp_mb()
#define smp_load_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define smp_store_mb(var, v) \
	do { WRITE_ONCE(var, v); smp_mb(); } while (0)
#define cpu_relax()	barrier()

#undef static_assert
#define PORT_STATIC_ASSERT(e, msg, ...) _Static_assert(e, msg)
#define static_assert(e, ...) PORT_STATIC_ASSERT(e, ##__VA_ARGS__, #e)
#define BUILD_BUG_ON(e)		_Static_assert(!(e), "BUILD_BUG_ON: " #e)
#define BUILD_BUG_ON_MSG(e, m)	_Static_assert(!(e), m)
#define BUILD_BUG_ON_ZERO(e)	((int)sizeof(struct { int:(-!!(e)); }))
#define BUILD_BUG_ON_NOT_POWER_OF_2(n) \
	BUILD_BUG_ON((n) == 0 || (((n) & ((n) - 1)) != 0))

#define __stringify_1(x...)	#x
#define __stringify(x...)	__stringify_1(x)
#define PORT_CAT_(a, b)		a##b
#define PORT_CAT(a, b)		PORT_CAT_(a, b)
#define __UNIQUE_ID(p)		PORT_CAT(PORT_CAT(port_uid_, p), __COUNTER__)

#define ARRAY_SIZE(a)							\
	(sizeof(a) / sizeof((a)[0]) +					\
	 BUILD_BUG_ON_ZERO(__builtin_types_compatible_p(__typeof__(a),	\
						__typeof__(&(a)[0]))))
#define sizeof_field(t, m)	sizeof(((t *)0)->m)
#define offsetofend(t, m)	(offsetof(t, m) + sizeof_field(t, m))
#define typeof_member(t, m)	__typeof__(((t *)0)->m)
#define container_of(ptr, type, member) ({				\
	const void *port_co_ = (ptr);					\
	_Static_assert(__builtin_types_compatible_p(			\
		__typeof__(*(ptr)), __typeof__(((type *)0)->member)) ||	\
		__builtin_types_compatible_p(__typeof__(*(ptr)), void),	\
		"container_of: pointer does not point to the member");	\
	(type *)((uintptr_t)port_co_ - offsetof(type, member)); })
#define container_of_const(ptr, type, member) \
	container_of(ptr, type, member)
#define DECLARE_FLEX_ARRAY(TYPE, NAME) \
	struct { struct { } port_empty_##NAME; TYPE NAME[]; }
#define struct_group(NAME, MEMBERS...) \
	union { struct { MEMBERS }; struct { MEMBERS } NAME; }

#define IS_ENABLED(x)	0
#define IS_BUILTIN(x)	0
#define IS_MODULE(x)	0

/* ---- modules ---- */

struct module;
#define THIS_MODULE	((struct module *)NULL)
#define EXPORT_SYMBOL_GPL(x)	_Static_assert(1, "")
#define EXPORT_SYMBOL(x)	_Static_assert(1, "")
#define MODULE_LICENSE(x)	_Static_assert(1, "")
#define MODULE_AUTHOR(x)	_Static_assert(1, "")
#define MODULE_DESCRIPTION(x)	_Static_assert(1, "")
#define MODULE_VERSION(x)	_Static_assert(1, "")
#define MODULE_ALIAS(x)		_Static_assert(1, "")
#define MODULE_SOFTDEP(x)	_Static_assert(1, "")
#define MODULE_PARM_DESC(a, b)	_Static_assert(1, "")
#define module_param(a, b, c)	_Static_assert(1, "")
#define module_param_named(a, b, c, d) _Static_assert(1, "")

static inline bool try_module_get(struct module *mod)
{
	(void)mod;
	return true;
}

static inline void __module_get(struct module *mod)
{
	(void)mod;
}

static inline void module_put(struct module *mod)
{
	(void)mod;
}

/* ---- byte order ---- */

#define swab16(x)	((u16)__builtin_bswap16((u16)(x)))
#define swab32(x)	((u32)__builtin_bswap32((u32)(x)))
#define swab64(x)	((u64)__builtin_bswap64((u64)(x)))

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PORT_LE(bits, x)	((u##bits)(x))
#define PORT_BE(bits, x)	swab##bits(x)
#else
#define PORT_LE(bits, x)	swab##bits(x)
#define PORT_BE(bits, x)	((u##bits)(x))
#endif

#define cpu_to_le16(x)	((__force __le16)PORT_LE(16, x))
#define cpu_to_le32(x)	((__force __le32)PORT_LE(32, x))
#define cpu_to_le64(x)	((__force __le64)PORT_LE(64, x))
#define cpu_to_be16(x)	((__force __be16)PORT_BE(16, x))
#define cpu_to_be32(x)	((__force __be32)PORT_BE(32, x))
#define cpu_to_be64(x)	((__force __be64)PORT_BE(64, x))

/* arguments of another size or byte order are caught by sparse */
#define le16_to_cpu(x)	PORT_LE(16, (__force u16)(__le16)(x))
#define le32_to_cpu(x)	PORT_LE(32, (__force u32)(__le32)(x))
#define le64_to_cpu(x)	PORT_LE(64, (__force u64)(__le64)(x))
#define be16_to_cpu(x)	PORT_BE(16, (__force u16)(__be16)(x))
#define be32_to_cpu(x)	PORT_BE(32, (__force u32)(__be32)(x))
#define be64_to_cpu(x)	PORT_BE(64, (__force u64)(__be64)(x))

#define __cpu_to_le16	cpu_to_le16
#define __cpu_to_le32	cpu_to_le32
#define __cpu_to_le64	cpu_to_le64
#define __le16_to_cpu	le16_to_cpu
#define __le32_to_cpu	le32_to_cpu
#define __le64_to_cpu	le64_to_cpu

#define PORT_ENDIAN_FNS(order, bits)					\
static inline void order##bits##_add_cpu(__##order##bits *p, u##bits v)	\
{									\
	*p = cpu_to_##order##bits(order##bits##_to_cpu(*p) + v);	\
}									\
static inline u##bits order##bits##_to_cpup(const __##order##bits *p)	\
{									\
	return order##bits##_to_cpu(*p);				\
}									\
static inline u##bits get_unaligned_##order##bits(const void *p)	\
{									\
	__##order##bits v;						\
									\
	memcpy(&v, p, sizeof(v));					\
	return order##bits##_to_cpu(v);					\
}									\
static inline void put_unaligned_##order##bits(u##bits val, void *p)	\
{									\
	__##order##bits v = cpu_to_##order##bits(val);			\
									\
	memcpy(p, &v, sizeof(v));					\
}
PORT_ENDIAN_FNS(le, 16)
PORT_ENDIAN_FNS(le, 32)
PORT_ENDIAN_FNS(le, 64)
PORT_ENDIAN_FNS(be, 16)
PORT_ENDIAN_FNS(be, 32)
PORT_ENDIAN_FNS(be, 64)

#define get_unaligned(p) ({						\
	__typeof__(*(p)) port_gu_;					\
	memcpy(&port_gu_, (p), sizeof(port_gu_));			\
	port_gu_; })
#define put_unaligned(val, p) do {					\
	__typeof__(*(p)) port_pu_ = (val);				\
	memcpy((p), &port_pu_, sizeof(port_pu_));			\
} while (0)

/* ---- errors ---- */

#ifndef ERESTARTSYS
#define ERESTARTSYS	512
#define ERESTARTNOINTR	513
#define ENOIOCTLCMD	515
#define EPROBE_DEFER	517
#define EOPENSTALE	518
#define ENOPARAM	519
#define EBADHANDLE	521
#define EBADCOOKIE	523
#define ENOTSUPP	524
#define ETOOSMALL	525
#define ESERVERFAULT	526
#define EBADTYPE	527
#define EJUKEBOX	528
#define EIOCBQUEUED	529
#define ERECALLCONFLICT	530
#endif

#define MAX_ERRNO	4095
#define IS_ERR_VALUE(x) \
	unlikely((unsigned long)(void *)(x) >= (unsigned long)-MAX_ERRNO)

static inline void *__must_check ERR_PTR(long error)
{
	return (void *)error;
}

static inline long __must_check PTR_ERR(const void *ptr)
{
	return (long)ptr;
}

static inline bool __must_check IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE((unsigned long)ptr);
}

static inline bool __must_check IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR_VALUE((unsigned long)ptr);
}

static inline void *__must_check ERR_CAST(const void *ptr)
{
	return (void *)ptr;
}

static inline int __must_check PTR_ERR_OR_ZERO(const void *ptr)
{
	return IS_ERR(ptr) ? (int)PTR_ERR(ptr) : 0;
}

/* ---- warnings ---- */

/* warnings seen so far; tests check that it did not move */
extern unsigned long port_warn_count;

void port_warn(const char *file, int line, const char *fmt, ...)
	__printf(3, 4) __cold;
void port_die(const char *fmt, ...) __printf(1, 2) __cold __noreturn;

#define WARN(cond, fmt...) ({						\
	bool port_w_ = !!(cond);					\
	if (unlikely(port_w_))						\
		port_warn(__FILE__, __LINE__, fmt);			\
	unlikely(port_w_); })
#define WARN_ON(cond)	WARN(cond, "%s", #cond)
#define WARN_ONCE(cond, fmt...) ({					\
	static bool port_warned_;					\
	bool port_wo_ = !!(cond);					\
	if (unlikely(port_wo_) && !port_warned_) {			\
		port_warned_ = true;					\
		port_warn(__FILE__, __LINE__, fmt);			\
	}								\
	unlikely(port_wo_); })
#define WARN_ON_ONCE(cond)	WARN_ONCE(cond, "%s", #cond)

#define S_IRWXUGO	(S_IRWXU | S_IRWXG | S_IRWXO)
#define S_IALLUGO	(S_ISUID | S_ISGID | S_ISVTX | S_IRWXUGO)
#define S_IRUGO		(S_IRUSR | S_IRGRP | S_IROTH)
#define S_IWUGO		(S_IWUSR | S_IWGRP | S_IWOTH)
#define S_IXUGO		(S_IXUSR | S_IXGRP | S_IXOTH)
#define S_DT_SHIFT	12
#define S_DT(mode)	(((mode) & S_IFMT) >> S_DT_SHIFT)

#endif
