/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking the kernel by generic netlink.
 */
#ifndef SFS_CLI_NL_H
#define SFS_CLI_NL_H

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "fs/netlink/scoutfs_netlink.h"
#include "lib/cmd.h"

enum {
	SFS_NLC_ATTRS_MAX	= 64,	/* more than any family has */
	SFS_NLC_DUMP_TRIES	= 20,	/* of a dump that changes interrupt */
};

/**
 * struct sfs_nlc - one conversation
 * @sk: socket
 * @family: id of the family
 * @error: errno of the answer
 * @was_interrupted: the dump is not consistent
 * @is_over: the answer is complete
 * @text: what the kernel says of the error, may be ""
 * @visit: called for each message; @attrs by number, 0 is the message itself
 * @arg: passed to it
 */
struct sfs_nlc {
	struct nl_sock *sk;
	int family;
	int error;
	bool was_interrupted;
	bool is_over;
	char text[256];
	void (*visit)(void *arg, u8 cmd, struct nlattr **attrs);
	void *arg;
};

/* The message that visit() got these attributes of. */
static inline struct nlmsghdr *sfs_nlc_msg_of(struct nlattr **attrs)
{
	return (struct nlmsghdr *)attrs[0];
}

/* 0 or -errno; -ENOENT with a text: the module is not loaded. */
int sfs_nlc_open(struct sfs_nlc *nlc, const char *family);
void sfs_nlc_close(struct sfs_nlc *nlc);
/* The caller adds attributes; NULL: no memory. */
struct nl_msg *sfs_nlc_msg(struct sfs_nlc *nlc, u8 cmd, bool is_dump);
/* Sends, frees the message, calls visit() for what comes; 0 or -errno. */
int sfs_nlc_ask(struct sfs_nlc *nlc, struct nl_msg *msg);
/* Hear of events; sfs_nlc_listen() returns after a signal or an error. */
int sfs_nlc_subscribe(struct sfs_nlc *nlc, const char *family,
		      const char *group);
int sfs_nlc_listen(struct sfs_nlc *nlc);

/* objects.c */
int sfs_cmd_object(int argc, char **argv);
/* monitor.c */
int sfs_cmd_monitor(int argc, char **argv);

#endif
