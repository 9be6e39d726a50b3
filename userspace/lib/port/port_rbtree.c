// SPDX-License-Identifier: GPL-2.0-only
/*
 * Red-black trees.
 *
 * The root is black, a red node has no red child, and all paths from a node
 * down to a missing child pass the same number of black nodes.
 */
#include "port_user.h"

static bool rb_is_red(const struct rb_node *n)
{
	return n && n->is_red;
}

static void rb_set_child(struct rb_root *root, struct rb_node *parent,
			 struct rb_node *old, struct rb_node *node)
{
	if (!parent)
		root->rb_node = node;
	else if (parent->rb_left == old)
		parent->rb_left = node;
	else
		parent->rb_right = node;
	if (node)
		node->parent = parent;
}

static void rb_rotate_left(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *up = n->rb_right;

	rb_set_child(root, n->parent, n, up);
	n->rb_right = up->rb_left;
	if (n->rb_right)
		n->rb_right->parent = n;
	up->rb_left = n;
	n->parent = up;
}

static void rb_rotate_right(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *up = n->rb_left;

	rb_set_child(root, n->parent, n, up);
	n->rb_left = up->rb_right;
	if (n->rb_left)
		n->rb_left->parent = n;
	up->rb_right = n;
	n->parent = up;
}

void rb_insert_color(struct rb_node *n, struct rb_root *root)
{
	struct rb_node *parent, *grand, *uncle;
	bool is_left;

	while (rb_is_red(parent = n->parent)) {
		grand = parent->parent;	/* exists: a red node is not the root */
		is_left = parent == grand->rb_left;
		uncle = is_left ? grand->rb_right : grand->rb_left;
		if (rb_is_red(uncle)) {
			parent->is_red = false;
			uncle->is_red = false;
			grand->is_red = true;
			n = grand;
			continue;
		}
		if (is_left) {
			if (n == parent->rb_right) {
				rb_rotate_left(root, parent);
				parent = n;
			}
			rb_rotate_right(root, grand);
		} else {
			if (n == parent->rb_left) {
				rb_rotate_right(root, parent);
				parent = n;
			}
			rb_rotate_left(root, grand);
		}
		parent->is_red = false;
		grand->is_red = true;
		break;
	}
	root->rb_node->is_red = false;
}

/* @n, maybe NULL, below @parent lacks one black node on its paths */
static void rb_erase_color(struct rb_root *root, struct rb_node *n,
			   struct rb_node *parent)
{
	struct rb_node *sib, *far, *near;
	bool is_left;

	while (parent && !rb_is_red(n)) {
		is_left = parent->rb_left == n;
		sib = is_left ? parent->rb_right : parent->rb_left;
		if (sib->is_red) {
			sib->is_red = false;
			parent->is_red = true;
			if (is_left)
				rb_rotate_left(root, parent);
			else
				rb_rotate_right(root, parent);
			sib = is_left ? parent->rb_right : parent->rb_left;
		}
		near = is_left ? sib->rb_left : sib->rb_right;
		far = is_left ? sib->rb_right : sib->rb_left;
		if (!rb_is_red(near) && !rb_is_red(far)) {
			sib->is_red = true;
			n = parent;
			parent = n->parent;
			continue;
		}
		if (!rb_is_red(far)) {
			near->is_red = false;
			sib->is_red = true;
			if (is_left)
				rb_rotate_right(root, sib);
			else
				rb_rotate_left(root, sib);
			far = sib;
			sib = near;
		}
		sib->is_red = parent->is_red;
		parent->is_red = false;
		far->is_red = false;
		if (is_left)
			rb_rotate_left(root, parent);
		else
			rb_rotate_right(root, parent);
		return;
	}
	if (n)
		n->is_red = false;
}

void rb_erase(struct rb_node *n, struct rb_root *root)
{
	struct rb_node *child, *parent, *next;
	bool was_red = n->is_red;

	if (n->rb_left && n->rb_right) {
		/* the successor, which has no left child, takes n's place */
		for (next = n->rb_right; next->rb_left; next = next->rb_left)
			;
		was_red = next->is_red;
		child = next->rb_right;
		parent = next->parent;
		if (parent == n) {
			parent = next;
		} else {
			rb_set_child(root, parent, next, child);
			next->rb_right = n->rb_right;
			next->rb_right->parent = next;
		}
		next->rb_left = n->rb_left;
		next->rb_left->parent = next;
		next->is_red = n->is_red;
		rb_set_child(root, n->parent, n, next);
	} else {
		child = n->rb_left ? n->rb_left : n->rb_right;
		parent = n->parent;
		rb_set_child(root, parent, n, child);
	}
	if (!was_red)
		rb_erase_color(root, child, parent);
}

void rb_replace_node(struct rb_node *victim, struct rb_node *node,
		     struct rb_root *root)
{
	*node = *victim;
	if (node->rb_left)
		node->rb_left->parent = node;
	if (node->rb_right)
		node->rb_right->parent = node;
	rb_set_child(root, victim->parent, victim, node);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_right)
		n = n->rb_right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *n)
{
	struct rb_node *up;

	if (RB_EMPTY_NODE(n))
		return NULL;
	if (n->rb_right) {
		for (up = n->rb_right; up->rb_left; up = up->rb_left)
			;
		return up;
	}
	while ((up = n->parent) && n == up->rb_right)
		n = up;
	return up;
}

struct rb_node *rb_prev(const struct rb_node *n)
{
	struct rb_node *up;

	if (RB_EMPTY_NODE(n))
		return NULL;
	if (n->rb_left) {
		for (up = n->rb_left; up->rb_right; up = up->rb_right)
			;
		return up;
	}
	while ((up = n->parent) && n == up->rb_left)
		n = up;
	return up;
}

static struct rb_node *rb_deepest_left(struct rb_node *n)
{
	for (;;) {
		if (n->rb_left)
			n = n->rb_left;
		else if (n->rb_right)
			n = n->rb_right;
		else
			return n;
	}
}

struct rb_node *rb_first_postorder(const struct rb_root *root)
{
	return root->rb_node ? rb_deepest_left(root->rb_node) : NULL;
}

struct rb_node *rb_next_postorder(const struct rb_node *n)
{
	struct rb_node *up;

	if (!n)
		return NULL;
	up = n->parent;
	if (up && n == up->rb_left && up->rb_right)
		return rb_deepest_left(up->rb_right);
	return up;
}
