// SPDX-License-Identifier: GPL-2.0-only
/*
 * One request of a netlink family of scoutfs, and what the kernel says of it.
 *
 *	nlask FAMILY CMD [FSID RID [FENCE-RID]]
 *
 * Prints "error NUMBER: TEXT", or "ok" for anything else.  Without libnl, so that
 * a mistake in how the program uses it cannot hide one of the kernel.
 */
#include <err.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char buf[16384] __attribute__((aligned(8)));
static struct nlmsghdr *nlh = (void *)buf;
static int sk;

static void begin(int type, int cmd)
{
	struct genlmsghdr *genl = (void *)(buf + NLMSG_HDRLEN);

	memset(buf, 0, sizeof(buf));
	nlh->nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	genl->cmd = cmd;
	genl->version = 1;
}

static void put(int type, const void *data, size_t len)
{
	struct nlattr *attr = (void *)(buf + NLMSG_ALIGN(nlh->nlmsg_len));

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	memcpy((char *)attr + NLA_HDRLEN, data, len);
	nlh->nlmsg_len = NLMSG_ALIGN(nlh->nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

static void ask(void)
{
	ssize_t len;

	if (send(sk, buf, nlh->nlmsg_len, 0) < 0)
		err(1, "send");
	len = recv(sk, buf, sizeof(buf), 0);
	if (len < (ssize_t)NLMSG_HDRLEN)
		err(1, "recv");
}

/* The attribute @type among @len bytes at @pos. */
static void *find(char *pos, int len, int type)
{
	struct nlattr *attr = (void *)pos;

	while (len >= NLA_HDRLEN && attr->nla_len >= NLA_HDRLEN &&
	       attr->nla_len <= len) {
		if ((attr->nla_type & NLA_TYPE_MASK) == type)
			return (char *)attr + NLA_HDRLEN;
		len -= NLA_ALIGN(attr->nla_len);
		attr = (void *)((char *)attr + NLA_ALIGN(attr->nla_len));
	}
	return NULL;
}

static int family(const char *name)
{
	uint16_t *id;

	begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	/* an acknowledgment after the answer would be taken for the next one's */
	nlh->nlmsg_flags = NLM_F_REQUEST;
	put(CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	ask();
	id = find(buf + NLMSG_HDRLEN + GENL_HDRLEN,
		  nlh->nlmsg_len - NLMSG_HDRLEN - GENL_HDRLEN,
		  CTRL_ATTR_FAMILY_ID);
	if (nlh->nlmsg_type == NLMSG_ERROR || !id)
		errx(1, "no family %s", name);
	return *id;
}

int main(int argc, char **argv)
{
	struct nlmsgerr *error = (void *)(buf + NLMSG_HDRLEN);
	uint32_t fenced = 1;
	int on = 1;
	char *text;
	int skip;
	int i;

	if (argc < 3)
		errx(1, "usage: nlask FAMILY CMD [FSID RID [FENCE-RID]]");
	sk = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	if (sk < 0)
		err(1, "socket");
	setsockopt(sk, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	i = family(argv[1]);
	begin(i, atoi(argv[2]));
	for (i = 3; i < argc; i++) {
		uint64_t val = strtoull(argv[i], NULL, 16);

		/* FSID, RID, FENCE_RID */
		put(i == 5 ? 15 : i - 1, &val, sizeof(val));
	}
	if (argc > 5)
		put(19, &fenced, sizeof(fenced));
	ask();
	if (nlh->nlmsg_type != NLMSG_ERROR || !error->error) {
		puts("ok");
		return 0;
	}
	skip = NLMSG_HDRLEN + sizeof(*error);
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - sizeof(error->msg);
	text = nlh->nlmsg_flags & NLM_F_ACK_TLVS ?
	       find(buf + skip, nlh->nlmsg_len - skip, NLMSGERR_ATTR_MSG) : NULL;
	printf("error %d: %s\n", error->error, text ? text : "");
	return 0;
}
