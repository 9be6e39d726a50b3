// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file or block device, or a window of one, as struct sfs_dev.
 *
 * Writes go through the page cache and complete before write() returns; a
 * flush is fdatasync().  A failed fdatasync() may have dropped dirty pages and
 * succeed when tried again, so after one every later flush fails too.
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dev_file.h"

struct sfs_dev_file {
	int fd;
	int flush_error;
	u64 start;
};

static int sfs_dev_file_check(struct sfs_dev *dev, u64 off, u64 len)
{
	return off > dev->size_bytes || len > dev->size_bytes - off ? -EIO : 0;
}

static int sfs_dev_file_read(struct sfs_dev *dev, u64 off, void *buf, u32 len)
{
	struct sfs_dev_file *f = dev->priv;
	ssize_t got;
	u32 done;
	int ret;

	ret = sfs_dev_file_check(dev, off, len);
	for (done = 0; !ret && done < len;) {
		got = pread(f->fd, (char *)buf + done, len - done,
			    (off_t)(f->start + off + done));
		if (got > 0)
			done += got;
		else if (got == 0 || errno != EINTR)
			ret = -EIO;
	}
	return ret;
}

static int sfs_dev_file_pwrite(struct sfs_dev *dev, u64 off, const void *buf,
			       u32 len)
{
	struct sfs_dev_file *f = dev->priv;
	ssize_t put;
	u32 done;
	int ret;

	ret = sfs_dev_file_check(dev, off, len);
	for (done = 0; !ret && done < len;) {
		put = pwrite(f->fd, (const char *)buf + done, len - done,
			     (off_t)(f->start + off + done));
		if (put > 0)
			done += put;
		else if (put == 0 || errno != EINTR)
			ret = put == 0 || errno == EIO ? -EIO : -errno;
	}
	return ret;
}

static int sfs_dev_file_sync(struct sfs_dev_file *f)
{
	if (!f->flush_error && fdatasync(f->fd))
		f->flush_error = -EIO;
	return f->flush_error;
}

static int sfs_dev_file_flush(struct sfs_dev *dev)
{
	atomic64_inc(&dev->nr_flushes);
	return sfs_dev_file_sync(dev->priv);
}

static void sfs_dev_file_write(struct sfs_dev *dev, struct sfs_io_batch *batch,
			       u64 off, void **bufs, u32 nr, u32 buf_len)
{
	int ret = 0;
	u32 i;

	atomic64_inc(&dev->nr_writes);
	atomic_inc(&batch->pending);
	for (i = 0; !ret && i < nr; i++)
		ret = sfs_dev_file_pwrite(dev, off + (u64)i * buf_len, bufs[i],
					  buf_len);
	sfs_io_batch_end(batch, ret);
}

static int sfs_dev_file_write_sync(struct sfs_dev *dev, u64 off, void *buf,
				   u32 len, unsigned int flags)
{
	int ret = 0;

	atomic64_inc(&dev->nr_writes);
	if (flags & SFS_IO_PREFLUSH)
		ret = sfs_dev_file_flush(dev);
	if (!ret)
		ret = sfs_dev_file_pwrite(dev, off, buf, len);
	if (!ret && (flags & SFS_IO_FUA))
		ret = sfs_dev_file_sync(dev->priv);
	return ret;
}

static const struct sfs_dev_ops sfs_dev_file_ops = {
	.read = sfs_dev_file_read,
	.write = sfs_dev_file_write,
	.write_sync = sfs_dev_file_write_sync,
	.flush = sfs_dev_file_flush,
};

/* O_EXCL without O_CREAT has a meaning for block devices only */
static int sfs_dev_file_open_fd(const char *path, int flags, bool excl,
				u64 *size)
{
	struct stat st;
	int err;
	int fd;

	if (excl && !stat(path, &st) && S_ISBLK(st.st_mode))
		flags |= O_EXCL;
	/* a fifo must not block the open before it is refused below */
	fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;

	err = -ENOTBLK;
	if (fstat(fd, &st)) {
		err = -errno;
	} else if (S_ISREG(st.st_mode)) {
		*size = st.st_size;
		return fd;
	} else if (S_ISBLK(st.st_mode)) {
		if (!ioctl(fd, BLKGETSIZE64, size))
			return fd;
		err = -errno;
	}
	close(fd);
	return err;
}

int sfs_dev_file_open_window(struct sfs_dev *dev, const char *path,
			     bool writable, bool excl, u64 start, u64 len)
{
	struct sfs_dev_file *f;
	u64 size = 0;
	int ret;

	memset(dev, 0, sizeof(*dev));
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return -ENOMEM;
	ret = sfs_dev_file_open_fd(path, writable ? O_RDWR : O_RDONLY, excl,
				   &size);
	if (ret < 0)
		goto err_free;
	f->fd = ret;

	if (start > size || len > size - start) {
		ret = -EINVAL;
		goto err_close;
	}
	f->start = start;
	dev->ops = &sfs_dev_file_ops;
	dev->priv = f;
	dev->size_bytes = len ? len : size - start;
	strscpy(dev->name, path, sizeof(dev->name));
	return 0;

err_close:
	close(f->fd);
err_free:
	kfree(f);
	return ret;
}

int sfs_dev_file_open(struct sfs_dev *dev, const char *path, bool writable,
		      bool excl)
{
	return sfs_dev_file_open_window(dev, path, writable, excl, 0, 0);
}

void sfs_dev_file_drop_cache(struct sfs_dev *dev)
{
	struct sfs_dev_file *f = dev->priv;

	posix_fadvise(f->fd, (off_t)f->start, (off_t)dev->size_bytes,
		      POSIX_FADV_DONTNEED);
}

void sfs_dev_file_close(struct sfs_dev *dev)
{
	struct sfs_dev_file *f = dev->priv;

	if (!f)
		return;
	close(f->fd);
	kfree(f);
	dev->priv = NULL;
}
