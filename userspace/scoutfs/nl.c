// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the kernel by generic netlink.
 */
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <sys/socket.h>

#include "scoutfs/nl.h"

/* The kernel's words on an error: attributes behind @skip bytes of payload. */
static void sfs_nlc_take_text(struct sfs_nlc *nlc, struct nlmsghdr *nlh,
			      int skip)
{
	struct nlattr *attr;
	int len = nlmsg_datalen(nlh) - skip;
	int rem;

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS) || len <= 0)
		return;
	nla_for_each_attr(attr, (struct nlattr *)((char *)nlmsg_data(nlh) + skip),
			  len, rem) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			nla_strlcpy(nlc->text, attr, sizeof(nlc->text));
	}
}

static int sfs_nlc_on_error(struct sockaddr_nl *nla, struct nlmsgerr *err,
			    void *arg)
{
	struct nlmsghdr *nlh = (void *)((char *)err - NLMSG_HDRLEN);
	struct sfs_nlc *nlc = arg;
	int skip = sizeof(*err);

	/* the request comes back, unless it was cut off */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	nlc->error = err->error;
	nlc->is_over = true;
	sfs_nlc_take_text(nlc, nlh, skip);
	return NL_STOP;
}

static int sfs_nlc_on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct sfs_nlc *nlc = arg;
	int error = 0;

	if (nlmsg_datalen(nlh) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(nlh), sizeof(error));
	if (error < 0) {
		nlc->error = error;
		sfs_nlc_take_text(nlc, nlh, sizeof(error));
	}
	nlc->is_over = true;
	return NL_STOP;
}

static int sfs_nlc_on_ack(struct nl_msg *msg, void *arg)
{
	struct sfs_nlc *nlc = arg;

	nlc->is_over = true;
	return NL_STOP;
}

static int sfs_nlc_on_interrupted(struct nl_msg *msg, void *arg)
{
	struct sfs_nlc *nlc = arg;

	nlc->was_interrupted = true;
	return NL_OK;
}

static int sfs_nlc_on_valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *attrs[SFS_NLC_ATTRS_MAX + 1];
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct sfs_nlc *nlc = arg;

	if (nlh->nlmsg_type != nlc->family ||
	    genlmsg_parse(nlh, 0, attrs, SFS_NLC_ATTRS_MAX, NULL) < 0)
		return NL_SKIP;
	/* no attribute has number 0 */
	attrs[0] = (struct nlattr *)nlh;
	nlc->visit(nlc->arg, genlmsg_hdr(nlh)->cmd, attrs);
	return NL_OK;
}

static int sfs_nlc_resolve(struct sfs_nlc *nlc, const char *family)
{
	nlc->family = genl_ctrl_resolve(nlc->sk, family);
	if (nlc->family >= 0)
		return 0;
	snprintf(nlc->text, sizeof(nlc->text),
		 "no netlink family %s: is the module scoutfs loaded?", family);
	return -ENOENT;
}

static int sfs_nlc_connect(struct sfs_nlc *nlc)
{
	int on = 1;

	nlc->sk = nl_socket_alloc();
	if (!nlc->sk)
		return -ENOMEM;
	if (genl_connect(nlc->sk)) {
		nl_socket_free(nlc->sk);
		return -EPROTONOSUPPORT;
	}
	/* older kernels say less */
	setsockopt(nl_socket_get_fd(nlc->sk), SOL_NETLINK, NETLINK_EXT_ACK, &on,
		   sizeof(on));
	return 0;
}

static void sfs_nlc_callbacks(struct sfs_nlc *nlc)
{
	struct nl_sock *sk = nlc->sk;
	struct nl_cb *cb = nl_socket_get_cb(sk);

	nl_cb_err(cb, NL_CB_CUSTOM, sfs_nlc_on_error, nlc);
	nl_cb_put(cb);
	nl_socket_modify_cb(sk, NL_CB_FINISH, NL_CB_CUSTOM, sfs_nlc_on_finish,
			    nlc);
	nl_socket_modify_cb(sk, NL_CB_ACK, NL_CB_CUSTOM, sfs_nlc_on_ack, nlc);
	nl_socket_modify_cb(sk, NL_CB_DUMP_INTR, NL_CB_CUSTOM,
			    sfs_nlc_on_interrupted, nlc);
	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, sfs_nlc_on_valid,
			    nlc);
}

int sfs_nlc_open(struct sfs_nlc *nlc, const char *family)
{
	int ret;

	nlc->text[0] = '\0';
	ret = sfs_nlc_connect(nlc);
	if (ret)
		return ret;
	ret = sfs_nlc_resolve(nlc, family);
	if (ret) {
		sfs_nlc_close(nlc);
		return ret;
	}
	sfs_nlc_callbacks(nlc);
	return 0;
}

void sfs_nlc_close(struct sfs_nlc *nlc)
{
	nl_socket_free(nlc->sk);
}

struct nl_msg *sfs_nlc_msg(struct sfs_nlc *nlc, u8 cmd, bool is_dump)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg)
		return NULL;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nlc->family, 0,
			is_dump ? NLM_F_DUMP : NLM_F_ACK, cmd,
			SCOUTFS_GENL_VERSION))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

int sfs_nlc_ask(struct sfs_nlc *nlc, struct nl_msg *msg)
{
	int ret;

	nlc->error = 0;
	nlc->is_over = false;
	nlc->was_interrupted = false;
	nlc->text[0] = '\0';
	ret = nl_send_auto(nlc->sk, msg);
	nlmsg_free(msg);
	while (ret >= 0 && !nlc->is_over)
		ret = nl_recvmsgs_default(nlc->sk);
	if (nlc->error)
		return nlc->error;
	return nlc->is_over ? 0 : -EIO;
}

int sfs_nlc_subscribe(struct sfs_nlc *nlc, const char *family,
		      const char *group)
{
	int ret;

	ret = genl_ctrl_resolve_grp(nlc->sk, family, group);
	if (ret < 0)
		return -ENOENT;
	nl_socket_disable_seq_check(nlc->sk);
	return nl_socket_add_membership(nlc->sk, ret) ? -EPERM : 0;
}

int sfs_nlc_listen(struct sfs_nlc *nlc)
{
	int ret;

	do {
		ret = nl_recvmsgs_default(nlc->sk);
	} while (ret >= 0);
	/* events were lost: say so and go on is the caller's to decide */
	return ret == -NLE_NOMEM ? -ENOBUFS : -EIO;
}
