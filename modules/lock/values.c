// SPDX-License-Identifier: GPL-2.0-only
/*
 * Value blocks of locks nobody holds.
 *
 * Lock order: values->mutex is taken inside a provider's locks and takes none.
 */
#include "lock/lock_priv.h"
#include "lock/values.h"

struct sfs_lock_value {
	struct list_head idle;	/* values->idle when the lock has no handle */
	u64 nr;
	enum sfs_lock_type type;
	u8 lvb[SFS_LOCK_LVB_BYTES];
};

struct sfs_lock_values {
	struct mutex mutex;	/* guards all below */
	struct xarray values[SFS_LOCK_NR_TYPES];	/* by number */
	struct list_head idle;	/* oldest first */
	unsigned int nr_idle;
	unsigned int max_idle;
};

/**
 * sfs_lock_values_create() - make an empty memory of value blocks
 * @max_idle: how many values of locks without handle to keep
 *
 * Return: the memory, NULL when there is none.
 */
struct sfs_lock_values *sfs_lock_values_create(unsigned int max_idle)
{
	struct sfs_lock_values *values;
	unsigned int type;

	values = kzalloc(sizeof(*values), GFP_KERNEL);
	if (!values)
		return NULL;
	mutex_init(&values->mutex);
	for (type = 0; type < SFS_LOCK_NR_TYPES; type++)
		xa_init(&values->values[type]);
	INIT_LIST_HEAD(&values->idle);
	values->max_idle = max_idle;
	return values;
}
EXPORT_SYMBOL_GPL(sfs_lock_values_create);

/**
 * sfs_lock_values_destroy() - forget all value blocks
 * @values: the memory; nobody uses it any more
 */
void sfs_lock_values_destroy(struct sfs_lock_values *values)
{
	struct sfs_lock_value *value;
	unsigned int type;
	unsigned long nr;

	for (type = 0; type < SFS_LOCK_NR_TYPES; type++) {
		xa_for_each(&values->values[type], nr, value)
			kfree(value);
		xa_destroy(&values->values[type]);
	}
	mutex_destroy(&values->mutex);
	kfree(values);
}
EXPORT_SYMBOL_GPL(sfs_lock_values_destroy);

/* Found values have a handle from now on. */
static struct sfs_lock_value *
sfs_lock_value_use_locked(struct sfs_lock_values *values,
			  enum sfs_lock_type type, u64 nr)
	__must_hold(&values->mutex)
{
	struct sfs_lock_value *value = xa_load(&values->values[type], nr);

	lockdep_assert_held(&values->mutex);
	if (value && !list_empty(&value->idle)) {
		list_del_init(&value->idle);
		values->nr_idle--;
	}
	return value;
}

/* NULL: no memory, the value stays unknown. */
static struct sfs_lock_value *
sfs_lock_value_add_locked(struct sfs_lock_values *values,
			  enum sfs_lock_type type, u64 nr)
	__must_hold(&values->mutex)
{
	struct sfs_lock_value *value;

	lockdep_assert_held(&values->mutex);
	value = kzalloc(sizeof(*value), GFP_NOFS);
	if (!value)
		return NULL;
	INIT_LIST_HEAD(&value->idle);
	value->type = type;
	value->nr = nr;
	if (xa_insert(&values->values[type], nr, value, GFP_NOFS)) {
		kfree(value);
		return NULL;
	}
	return value;
}

/**
 * sfs_lock_values_store() - remember a lock's value
 * @values: the memory
 * @type: the lock's type
 * @nr: the lock's number
 * @lvb: %SFS_LOCK_LVB_BYTES, copied
 *
 * Without memory for a new value it stays unknown.
 *
 * Context: Process context; takes a mutex.
 */
void sfs_lock_values_store(struct sfs_lock_values *values,
			   enum sfs_lock_type type, u64 nr, const void *lvb)
{
	struct sfs_lock_value *value;

	mutex_lock(&values->mutex);
	value = sfs_lock_value_use_locked(values, type, nr);
	if (!value)
		value = sfs_lock_value_add_locked(values, type, nr);
	if (value)
		memcpy(value->lvb, lvb, sizeof(value->lvb));
	mutex_unlock(&values->mutex);
}
EXPORT_SYMBOL_GPL(sfs_lock_values_store);

/**
 * sfs_lock_values_load() - what is known of a lock's value
 * @values: the memory
 * @type: the lock's type
 * @nr: the lock's number
 * @lvb: %SFS_LOCK_LVB_BYTES are written here
 *
 * Context: Process context; takes a mutex.
 * Return: whether the value is known.
 */
bool sfs_lock_values_load(struct sfs_lock_values *values,
			  enum sfs_lock_type type, u64 nr, void *lvb)
{
	struct sfs_lock_value *value;

	mutex_lock(&values->mutex);
	value = sfs_lock_value_use_locked(values, type, nr);
	if (value)
		memcpy(lvb, value->lvb, sizeof(value->lvb));
	mutex_unlock(&values->mutex);
	return value;
}
EXPORT_SYMBOL_GPL(sfs_lock_values_load);

/**
 * sfs_lock_values_idle() - a lock has no handle any more
 * @values: the memory
 * @type: the lock's type
 * @nr: the lock's number
 *
 * Drops the values that are idle for longest when there are too many.
 *
 * Context: Process context; takes a mutex.
 */
void sfs_lock_values_idle(struct sfs_lock_values *values,
			  enum sfs_lock_type type, u64 nr)
{
	struct sfs_lock_value *value;

	mutex_lock(&values->mutex);
	value = sfs_lock_value_use_locked(values, type, nr);
	if (value) {
		list_add_tail(&value->idle, &values->idle);
		values->nr_idle++;
	}
	while (values->nr_idle > values->max_idle) {
		value = list_first_entry(&values->idle, struct sfs_lock_value,
					 idle);
		list_del(&value->idle);
		values->nr_idle--;
		xa_erase(&values->values[value->type], value->nr);
		kfree(value);
	}
	mutex_unlock(&values->mutex);
}
EXPORT_SYMBOL_GPL(sfs_lock_values_idle);
