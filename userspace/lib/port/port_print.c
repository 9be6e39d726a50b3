// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log, and printf with the kernel's pointer extensions.
 */
#include "port_user.h"

void (*port_log)(int level, const char *msg) = port_log_default;
int port_log_level = 5;

void port_log_default(int level, const char *msg)
{
	static bool is_set;
	const char *env;

	if (!is_set) {
		is_set = true;
		env = getenv("PORT_LOG_LEVEL");
		if (env)
			port_log_level = atoi(env);
	}
	if (level <= port_log_level)
		fprintf(stderr, "%s\n", msg);
}

int vprintk(const char *fmt, va_list ap)
{
	char msg[1024];
	int level = 4;
	int len;

	if (fmt[0] == KERN_SOH[0] && fmt[1]) {
		if (fmt[1] >= '0' && fmt[1] <= '7')
			level = fmt[1] - '0';
		fmt += 2;
	}
	len = port_vsnprintf(msg, sizeof(msg), fmt, ap);
	len = min_t(int, len, sizeof(msg) - 1);
	if (len && msg[len - 1] == '\n')
		msg[--len] = '\0';
	port_log(level, msg);
	return len;
}

int printk(const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vprintk(fmt, ap);
	va_end(ap);
	return len;
}

/* ---- formatting ---- */

struct port_out {
	char *buf;
	size_t size;
	size_t len;		/* would have been written */
};

static void port_out_mem(struct port_out *out, const char *s, size_t len)
{
	size_t room = out->len < out->size ? out->size - out->len : 0;

	if (room)
		memcpy(out->buf + out->len, s, min(len, room));
	out->len += len;
}

static void port_out_str(struct port_out *out, const char *s)
{
	port_out_mem(out, s, strlen(s));
}

/* hands one conversion with its argument to the C library */
#define PORT_OUT_LIBC(out, spec, val) do {				\
	__typeof__(val) port_val_ = (val);				\
	char port_small_[128];						\
	char *port_big_ = NULL;						\
	int port_n_ = snprintf(port_small_, sizeof(port_small_),	\
			       spec, port_val_);			\
	if (port_n_ >= (int)sizeof(port_small_)) {			\
		port_n_ = asprintf(&port_big_, spec, port_val_);	\
		if (port_n_ >= 0)					\
			port_out_mem(out, port_big_, port_n_);		\
		free(port_big_);					\
	} else if (port_n_ > 0) {					\
		port_out_mem(out, port_small_, port_n_);		\
	}								\
} while (0)

static void port_out_uuid(struct port_out *out, const u8 *u, char kind)
{
	static const u8 be[16] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	};
	static const u8 le[16] = {
		3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15
	};
	const u8 *order = kind == 'l' || kind == 'L' ? le : be;
	bool is_upper = kind == 'B' || kind == 'L';
	char hex[3];
	int i;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			port_out_str(out, "-");
		snprintf(hex, sizeof(hex), is_upper ? "%02X" : "%02x",
			 u[order[i]]);
		port_out_str(out, hex);
	}
}

static void port_out_hex(struct port_out *out, const u8 *p, int len,
			 const char *sep)
{
	char hex[3];
	int i;

	for (i = 0; i < len; i++) {
		snprintf(hex, sizeof(hex), "%02x", p[i]);
		if (i)
			port_out_str(out, sep);
		port_out_str(out, hex);
	}
}

static void port_out_error(struct port_out *out, const void *ptr)
{
	const char *name = IS_ERR(ptr) ?
		strerrorname_np((int)-PTR_ERR(ptr)) : NULL;
	char num[32];

	if (name) {
		port_out_str(out, "-");
		port_out_str(out, name);
		return;
	}
	snprintf(num, sizeof(num), IS_ERR(ptr) ? "%ld" : "0x%lx",
		 (long)ptr);
	port_out_str(out, num);
}

static void port_out_format(struct port_out *out, const struct va_format *vf)
{
	size_t room = out->len < out->size ? out->size - out->len : 0;
	va_list ap;

	va_copy(ap, *vf->va);
	out->len += port_vsnprintf(room ? out->buf + out->len : NULL, room,
				   vf->fmt, ap);
	va_end(ap);
}

/* returns the letters after the 'p' that belong to the conversion */
static int port_out_pointer(struct port_out *out, const char *ext, void *ptr,
			    const char *spec, int width)
{
	switch (ext[0]) {
	case 'V':
		port_out_format(out, ptr);
		return 1;
	case 'e':
		port_out_error(out, ptr);
		return 1;
	case 'U':
		port_out_uuid(out, ptr, ext[1]);
		return 1 + (ext[1] && strchr("bBlL", ext[1]) != NULL);
	case 'h':
		port_out_hex(out, ptr, width, ext[1] == 'N' ? "" :
			     ext[1] == 'C' ? ":" : ext[1] == 'D' ? "-" : " ");
		return 1 + (ext[1] && strchr("NCD", ext[1]) != NULL);
	default:
		PORT_OUT_LIBC(out, spec, ptr);
		return ext[0] && strchr("KSsxB", ext[0]) != NULL;
	}
}

struct port_spec {
	char text[48];		/* with width and precision filled in */
	int width;
	char size;		/* 0, 'h', 'H' for hh, 'l', 'L' for ll, z, t, j */
	char conv;
};

static void port_spec_add(struct port_spec *spec, const char *s)
{
	size_t len = strlen(spec->text);

	snprintf(spec->text + len, sizeof(spec->text) - len, "%s", s);
}

static const char *port_spec_number(struct port_spec *spec, const char *fmt,
				    int star, int *res)
{
	char num[16];

	*res = star;
	if (*fmt == '*')
		fmt++;
	else
		for (*res = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
			*res = *res * 10 + (*fmt - '0');
	snprintf(num, sizeof(num), "%d", *res);
	port_spec_add(spec, num);
	return fmt;
}

static const char *port_spec_size(struct port_spec *spec, const char *fmt)
{
	char s[2] = "";

	spec->size = 0;
	while (*fmt && strchr("hlzjtL", *fmt)) {
		if (spec->size == 'h')
			spec->size = 'H';
		else if (spec->size == 'l')
			spec->size = 'L';
		else
			spec->size = *fmt;
		s[0] = *fmt++;
		port_spec_add(spec, s);
	}
	spec->conv = *fmt;
	s[0] = *fmt;
	port_spec_add(spec, s);
	return *fmt ? fmt + 1 : fmt;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

int port_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	struct port_out out = { .buf = buf, .size = size };
	struct port_spec spec;
	const char *end;
	va_list ap;
	int prec;

	va_copy(ap, args);
	while (*fmt) {
		end = strchrnul(fmt, '%');
		port_out_mem(&out, fmt, end - fmt);
		fmt = end;
		if (!*fmt)
			break;
		fmt++;

		memset(&spec, 0, sizeof(spec));
		port_spec_add(&spec, "%");
		for (; *fmt && strchr("-+ #0", *fmt); fmt++)
			port_spec_add(&spec, (char [2]){ *fmt });
		if (*fmt == '*' || isdigit((unsigned char)*fmt))
			fmt = port_spec_number(&spec, fmt, *fmt == '*' ?
					va_arg(ap, int) : 0, &spec.width);
		if (*fmt == '.') {
			port_spec_add(&spec, ".");
			fmt++;
			fmt = port_spec_number(&spec, fmt, *fmt == '*' ?
					va_arg(ap, int) : 0, &prec);
		}
		fmt = port_spec_size(&spec, fmt);

		switch (spec.conv) {
		case 'd': case 'i': case 'u': case 'x': case 'X': case 'o':
			if (spec.size == 'L')
				PORT_OUT_LIBC(&out, spec.text,
					      va_arg(ap, long long));
			else if (spec.size && strchr("lztj", spec.size))
				PORT_OUT_LIBC(&out, spec.text,
					      va_arg(ap, long));
			else
				PORT_OUT_LIBC(&out, spec.text,
					      va_arg(ap, int));
			break;
		case 'c':
			PORT_OUT_LIBC(&out, spec.text, va_arg(ap, int));
			break;
		case 's':
			PORT_OUT_LIBC(&out, spec.text, va_arg(ap, char *));
			break;
		case 'p':
			fmt += port_out_pointer(&out, fmt, va_arg(ap, void *),
						spec.text, spec.width);
			break;
		case '%':
			port_out_str(&out, "%");
			break;
		default:
			port_out_str(&out, spec.text);
			break;
		}
	}
	va_end(ap);

	if (size)
		buf[min(out.len, size - 1)] = '\0';
	return out.len;
}

#pragma GCC diagnostic pop

int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	int len;

	if (!size)
		return 0;
	len = port_vsnprintf(buf, size, fmt, ap);
	return (size_t)len < size ? len : (int)size - 1;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return len;
}
