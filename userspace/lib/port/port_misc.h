/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Clocks, randomness, the log, strings, sorting and checksums.
 */
#ifndef SFS_PORT_MISC_H
#define SFS_PORT_MISC_H

#include "port_types.h"

/* ---- clocks ---- */

#define NSEC_PER_USEC	1000L
#define NSEC_PER_MSEC	1000000L
#define NSEC_PER_SEC	1000000000L
#define USEC_PER_MSEC	1000L
#define USEC_PER_SEC	1000000L
#define MSEC_PER_SEC	1000L

#undef HZ
#define HZ		1000UL
#define PORT_NSEC_PER_JIFFY	((u64)NSEC_PER_SEC / HZ)
#define MAX_SCHEDULE_TIMEOUT	LONG_MAX
#define MAX_JIFFY_OFFSET	((LONG_MAX >> 1) - 1)

struct timespec64 {
	time64_t tv_sec;
	long tv_nsec;
};

/*
 * Virtual clock in nanoseconds, NULL for the machine's.  Real time is then
 * the virtual clock plus port_clock_epoch_ns.
 */
extern u64 (*port_clock)(void);
extern u64 port_clock_epoch_ns;
/* moves the virtual clock to @ns; the default port_block() needs it to wait */
extern void (*port_clock_advance)(u64 ns);

u64 port_now_ns(void);
u64 ktime_get_real_ns(void);

#define ktime_get_ns()			port_now_ns()
#define ktime_get_boottime_ns()		port_now_ns()
#define ktime_get_raw_ns()		port_now_ns()
#define ktime_get_coarse_ns()		port_now_ns()
#define ktime_get()			((ktime_t)port_now_ns())
#define ktime_get_boottime()		((ktime_t)port_now_ns())
#define ktime_get_real()		((ktime_t)ktime_get_real_ns())
#define ktime_get_seconds()	((time64_t)(port_now_ns() / NSEC_PER_SEC))
#define ktime_get_boottime_seconds()	ktime_get_seconds()
#define ktime_get_real_seconds() \
	((time64_t)(ktime_get_real_ns() / NSEC_PER_SEC))
#define ktime_sub(a, b)			((ktime_t)((a) - (b)))
#define ktime_add(a, b)			((ktime_t)((a) + (b)))
#define ktime_add_ns(a, ns)		((ktime_t)((a) + (s64)(ns)))
#define ktime_add_us(a, us) \
	((ktime_t)((a) + (s64)(us) * NSEC_PER_USEC))
#define ktime_add_ms(a, ms) \
	((ktime_t)((a) + (s64)(ms) * NSEC_PER_MSEC))
#define ktime_to_ns(a)			((s64)(a))
#define ktime_to_us(a)			((s64)(a) / NSEC_PER_USEC)
#define ktime_to_ms(a)			((s64)(a) / NSEC_PER_MSEC)
#define ns_to_ktime(ns)			((ktime_t)(ns))
#define ms_to_ktime(ms)			((ktime_t)(ms) * NSEC_PER_MSEC)
#define ktime_us_delta(a, b)		ktime_to_us((a) - (b))
#define ktime_ms_delta(a, b)		ktime_to_ms((a) - (b))
#define ktime_after(a, b)		((a) > (b))
#define ktime_before(a, b)		((a) < (b))
#define ktime_compare(a, b)		((a) < (b) ? -1 : (a) > (b))

struct timespec64 ns_to_timespec64(s64 ns);

static inline s64 timespec64_to_ns(const struct timespec64 *ts)
{
	return (s64)ts->tv_sec * NSEC_PER_SEC + ts->tv_nsec;
}

static inline int timespec64_compare(const struct timespec64 *a,
				     const struct timespec64 *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return a->tv_nsec < b->tv_nsec ? -1 : a->tv_nsec > b->tv_nsec;
}

static inline bool timespec64_equal(const struct timespec64 *a,
				    const struct timespec64 *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static inline void ktime_get_real_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64((s64)ktime_get_real_ns());
}

static inline void ktime_get_ts64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64((s64)port_now_ns());
}

#define ktime_get_coarse_real_ts64(ts)	ktime_get_real_ts64(ts)

#define jiffies			((unsigned long)(port_now_ns() / \
						 PORT_NSEC_PER_JIFFY))
#define get_jiffies_64()	((u64)jiffies)
#define msecs_to_jiffies(ms) \
	((unsigned long)(((u64)(ms) * HZ + MSEC_PER_SEC - 1) / MSEC_PER_SEC))
#define usecs_to_jiffies(us) \
	((unsigned long)(((u64)(us) * HZ + USEC_PER_SEC - 1) / USEC_PER_SEC))
#define nsecs_to_jiffies(ns)	((unsigned long)((u64)(ns) / \
						 PORT_NSEC_PER_JIFFY))
#define secs_to_jiffies(s)	((unsigned long)(s) * HZ)
#define jiffies_to_msecs(j)	((unsigned int)((u64)(j) * MSEC_PER_SEC / HZ))
#define jiffies_to_usecs(j)	((unsigned int)((u64)(j) * USEC_PER_SEC / HZ))
#define jiffies_to_nsecs(j)	((u64)(j) * PORT_NSEC_PER_JIFFY)
#define jiffies64_to_nsecs(j)	jiffies_to_nsecs(j)
#define jiffies64_to_msecs(j)	((u64)(j) * MSEC_PER_SEC / HZ)

#define time_after(a, b)	((long)((unsigned long)(b) - \
					(unsigned long)(a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	(!time_before(a, b))
#define time_before_eq(a, b)	(!time_after(a, b))
#define time_in_range(a, b, c)	(time_after_eq(a, b) && time_before_eq(a, c))
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a) time_before(jiffies, a)
#define time_after64(a, b)	((s64)((u64)(b) - (u64)(a)) < 0)
#define time_before64(a, b)	time_after64(b, a)

/* absolute deadline of a relative timeout in jiffies, and what is left of it */
static inline u64 port_deadline(unsigned long timeout)
{
	u64 now = port_now_ns();

	if (timeout >= (U64_MAX - now) / PORT_NSEC_PER_JIFFY)
		return U64_MAX;
	return now + (u64)timeout * PORT_NSEC_PER_JIFFY;
}

static inline long port_jiffies_left(bool is_true, u64 deadline_ns)
{
	u64 now = port_now_ns();
	u64 left = now < deadline_ns ? deadline_ns - now : 0;

	if (!is_true)
		return 0;
	if (deadline_ns == U64_MAX)
		return MAX_SCHEDULE_TIMEOUT;
	return left < PORT_NSEC_PER_JIFFY ? 1 :
		(long)(left / PORT_NSEC_PER_JIFFY);
}

/* ---- randomness: repeatable after port_seed() ---- */

void port_seed(u64 seed);
void get_random_bytes(void *buf, size_t len);
u64 get_random_u64(void);

#define get_random_u32()	((u32)get_random_u64())
#define get_random_u16()	((u16)get_random_u64())
#define get_random_u8()		((u8)get_random_u64())
#define get_random_long()	((unsigned long)get_random_u64())

static inline u32 get_random_u32_below(u32 ceil)
{
	return (u32)(((get_random_u64() >> 32) * ceil) >> 32);
}

/* ---- log ---- */

#define KERN_SOH	"\001"
#define KERN_EMERG	KERN_SOH "0"
#define KERN_ALERT	KERN_SOH "1"
#define KERN_CRIT	KERN_SOH "2"
#define KERN_ERR	KERN_SOH "3"
#define KERN_WARNING	KERN_SOH "4"
#define KERN_NOTICE	KERN_SOH "5"
#define KERN_INFO	KERN_SOH "6"
#define KERN_DEBUG	KERN_SOH "7"
#define KERN_DEFAULT	""
#define KERN_CONT	KERN_SOH "c"

/*
 * Receives each message without level prefix and trailing newline.  The
 * default prints those up to port_log_level (5, or $PORT_LOG_LEVEL) to stderr.
 */
extern void (*port_log)(int level, const char *msg);
extern int port_log_level;
void port_log_default(int level, const char *msg);

int printk(const char *fmt, ...) __printf(1, 2);
int vprintk(const char *fmt, va_list ap) __printf(1, 0);
#define _printk		printk

#ifndef pr_fmt
#define pr_fmt(fmt)	fmt
#endif

#define pr_emerg(fmt, ...)	printk(KERN_EMERG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_alert(fmt, ...)	printk(KERN_ALERT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_crit(fmt, ...)	printk(KERN_CRIT pr_fmt(fmt), ##__VA_ARGS__)
#define pr_err(fmt, ...)	printk(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	printk(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	printk(KERN_NOTICE pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	printk(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
#define pr_cont(fmt, ...)	printk(KERN_CONT fmt, ##__VA_ARGS__)
#define pr_debug(fmt, ...)	printk(KERN_DEBUG pr_fmt(fmt), ##__VA_ARGS__)
#define pr_devel		pr_debug
#define no_printk(fmt, ...) \
	({ if (0) printk(fmt, ##__VA_ARGS__); 0; })

/* not limited: tests count them */
#define pr_err_ratelimited	pr_err
#define pr_warn_ratelimited	pr_warn
#define pr_notice_ratelimited	pr_notice
#define pr_info_ratelimited	pr_info
#define pr_debug_ratelimited	pr_debug
#define printk_ratelimited	printk
#define printk_ratelimit()	1
#define printk_once(fmt, ...) do {					\
	static bool port_printed_;					\
	if (!port_printed_) {						\
		port_printed_ = true;					\
		printk(fmt, ##__VA_ARGS__);				\
	}								\
} while (0)
#define pr_err_once(fmt, ...) \
	printk_once(KERN_ERR pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn_once(fmt, ...) \
	printk_once(KERN_WARNING pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info_once(fmt, ...) \
	printk_once(KERN_INFO pr_fmt(fmt), ##__VA_ARGS__)
void dump_stack(void);

struct va_format {
	const char *fmt;
	va_list *va;
};

/*
 * printf with the kernel's %pV, %pe, %pU[bBlL], %*ph and %*phN.  printk,
 * scnprintf and kasprintf use it; snprintf is the C library's.
 */
int port_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__printf(3, 0);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
	__printf(3, 0);

/* ---- strings and memory ---- */

ssize_t strscpy(char *dst, const char *src, size_t size);
ssize_t strscpy_pad(char *dst, const char *src, size_t size);
void *memchr_inv(const void *p, int c, size_t len);
void *memset16(u16 *p, u16 v, size_t n);
void *memset32(u32 *p, u32 v, size_t n);
void *memset64(u64 *p, u64 v, size_t n);
int kstrtou64(const char *s, unsigned int base, u64 *res);
int kstrtou32(const char *s, unsigned int base, u32 *res);
int kstrtos64(const char *s, unsigned int base, s64 *res);
int kstrtoint(const char *s, unsigned int base, int *res);
#define kstrtoull(s, b, r)	kstrtou64(s, b, (u64 *)(r))
#define kstrtouint(s, b, r)	kstrtou32(s, b, r)
#define memzero_explicit(p, n)	explicit_bzero(p, n)
#define strstarts(s, p)		(strncmp((s), (p), strlen(p)) == 0)

static inline bool mem_is_zero(const void *p, size_t len)
{
	return !memchr_inv(p, 0, len);
}

/* ---- sorting, not stable, and checksums ---- */

typedef int (*cmp_func_t)(const void *a, const void *b);
typedef int (*cmp_r_func_t)(const void *a, const void *b, const void *priv);
typedef void (*swap_func_t)(void *a, void *b, int size);
typedef void (*swap_r_func_t)(void *a, void *b, int size, const void *priv);

void sort(void *base, size_t num, size_t size, cmp_func_t cmp,
	  swap_func_t swap_func);
void sort_r(void *base, size_t num, size_t size, cmp_r_func_t cmp,
	    swap_r_func_t swap_func, const void *priv);
void *bsearch(const void *key, const void *base, size_t num, size_t size,
	      cmp_func_t cmp);

/* no inversion before or after, like the kernel's */
u32 crc32c(u32 crc, const void *data, unsigned int len);
u32 port_crc32c_table(u32 crc, const void *data, size_t len);

#endif
