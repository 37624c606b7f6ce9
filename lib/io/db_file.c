/* db_file.c: the file under a database. Sources: statfs(2), proc(5) mountinfo, platform.md
 * 6, https://sqlite.org/wal.html ("does not work over a network filesystem"). */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/str.h"
#include "io/db_priv.h"

/* From linux/magic.h and, where it has none, from the kernel's fs/ (cifs, smb2, ceph, gfs2,
 * ocfs2, lustre). */
enum { FS_FUSE = 0x65735546 };
static const struct {
	long type;
	const char *name;
} network_fs[] = {
    {0x6969, "NFS"},
    {0x517b, "SMB"},
    {0xff534d42, "CIFS"},
    {0xfe534d42, "SMB2"},
    {0x5346414f, "AFS"},
    {0x564c, "NCP"},
    {0x73757245, "Coda"},
    {0x00c36400, "Ceph"},
    {0x01161970, "GFS2"},
    {0x7461636f, "OCFS2"},
    {0x0bd00bd0, "Lustre"},
};

/* FUSE has one number for all. These keep their data on this machine; any other is taken
 * for remote. */
static const char *const local_fuse[] = {
    "fuseblk", "fuse.fuse-overlayfs", "virtiofs", "fuse.bindfs"};

const char *
db_file_network(long f_type, const char *mount_type)
{
	size_t i;

	for (i = 0; i < sizeof network_fs / sizeof network_fs[0]; i++) {
		/* f_type is a long, but the kernel fills it from 32 bits, with or without
		 * sign. */
		if ((uint32_t)network_fs[i].type == (uint32_t)f_type)
			return network_fs[i].name;
	}
	if ((uint32_t)f_type != FS_FUSE || mount_type == NULL)
		return NULL;
	for (i = 0; i < sizeof local_fuse / sizeof local_fuse[0]; i++) {
		if (str_eq(mount_type, local_fuse[i]))
			return NULL;
	}
	return mount_type;
}

/* The type of the mount that a device number belongs to; "" when mountinfo does not tell.
 * A line: `36 35 98:0 /root /mount opts - type source opts`. */
static void
mount_type_of(dev_t dev, char *dst, size_t size)
{
	char line[4096], want[48];
	const char *id, *type;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	dst[0] = '\0';
	if (f == NULL)
		return;
	if (str_format(want, sizeof want, " %u:%u ", major(dev), minor(dev)) == 0) {
		while (dst[0] == '\0' && fgets(line, sizeof line, f) != NULL) {
			id = strstr(line, want);
			type = strstr(line, " - ");
			if (id == NULL || type == NULL || id > type)
				continue;
			type += 3;
			line[(size_t)(type - line) + strcspn(type, " \n")] = '\0';
			str_cut(dst, size, type);
		}
	}
	(void)fclose(f); /* opened for reading: nothing to lose */
}

int
db_file_check(const char *path, struct err *e)
{
	struct stat st;
	struct statfs fs;
	char mount_type[64];
	const char *network;

	if (stat(path, &st) == -1) {
		if (errno == ENOENT)
			return err_set_sys(e, ERR_NOT_FOUND, ENOENT,
			    "there is no database %s; `connectorctl init` makes it", path);
		return err_set_errno(e, ERR_IO, errno, "database %s", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_DB, "database %s is not a regular file", path);
	if (statfs(path, &fs) == -1)
		return err_set_errno(e, ERR_IO, errno, "database %s", path);
	mount_type_of(st.st_dev, mount_type, sizeof mount_type);
	network = db_file_network((long)fs.f_type, mount_type);
	if (network != NULL)
		return err_set(e, ERR_IO,
		    "database %s is on a network file system (%s), where locks cannot be "
		    "trusted; move it to a local disk",
		    path, network);
	return 0;
}

int
db_file_create(const char *path, unsigned mode, bool *made, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);

	if (fd == -1) {
		if (errno == EEXIST) {
			*made = false;
			return 0;
		}
		return err_set_errno(e, ERR_IO, errno, "cannot make %s", path);
	}
	/* SQLite gives -wal and -shm the mode of the database, so no umask may take the
	 * group's bits. */
	if (fchmod(fd, (mode_t)mode) == -1) {
		int why = errno;

		(void)close(fd); /* empty, and the call fails anyway */
		return err_set_errno(e, ERR_IO, why, "cannot set the mode of %s", path);
	}
	if (close(fd) == -1)
		return err_set_errno(e, ERR_IO, errno, "cannot make %s", path);
	*made = true;
	return 0;
}

int
db_file_sync(const char *path, struct err *e)
{
	int rc = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return err_set_errno(e, ERR_IO, errno, "cannot open %s", path);
	if (fsync(fd) == -1)
		rc = err_set_errno(e, ERR_IO, errno, "cannot save %s to disk", path);
	(void)close(fd); /* fsync has told all there is to tell */
	return rc;
}
