#include "runtime/io/CopyRange.h"

#include <algorithm>
#include <cerrno>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace tenon::io {

bool reflinkRange(int source, uint64_t from, int target, uint64_t to, uint64_t bytes) {
  if (bytes == 0)
    return true; // to the system 0 means: up to the end
  file_clone_range range = {};
  range.src_fd = source;
  range.src_offset = from;
  range.src_length = bytes;
  range.dest_offset = to;
  int failed;
  do
    failed = ioctl(target, FICLONERANGE, &range);
  while (failed && errno == EINTR);
  return !failed;
}

// By read and write, for pairs of file systems between which the kernel does not copy.
static int copyByHand(int source, uint64_t from, int target, uint64_t to, uint64_t bytes) {
  std::vector<uint8_t> buffer(std::min<uint64_t>(bytes, 1 << 20));
  while (bytes > 0) {
    const ssize_t got =
        pread(source, buffer.data(), std::min<uint64_t>(bytes, buffer.size()), static_cast<off_t>(from));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return got < 0 ? errno : ENODATA;
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = pwrite(target, buffer.data() + done, static_cast<size_t>(got - done),
                                 static_cast<off_t>(to + static_cast<uint64_t>(done)));
      if (put < 0 && errno != EINTR)
        return errno;
      done += std::max<ssize_t>(put, 0);
    }
    from += static_cast<uint64_t>(got), to += static_cast<uint64_t>(got), bytes -= static_cast<uint64_t>(got);
  }
  return 0;
}

static int copyData(int source, uint64_t from, int target, uint64_t to, uint64_t bytes) {
  while (bytes > 0) {
    off_t in = static_cast<off_t>(from), out = static_cast<off_t>(to);
    const ssize_t moved = copy_file_range(source, &in, target, &out, std::min<uint64_t>(bytes, 1 << 30), 0);
    if (moved < 0 && errno == EINTR)
      continue;
    if (moved < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
      return copyByHand(source, from, target, to, bytes);
    if (moved <= 0)
      return moved < 0 ? errno : ENODATA;
    from += static_cast<uint64_t>(moved), to += static_cast<uint64_t>(moved), bytes -= static_cast<uint64_t>(moved);
  }
  return 0;
}

int copyRange(int source, uint64_t from, int target, uint64_t to, uint64_t bytes) {
  const uint64_t end = from + bytes;
  for (uint64_t at = from; at < end;) {
    off_t data = lseek(source, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) // holes up to the end, or beyond it
      return static_cast<uint64_t>(lseek(source, 0, SEEK_END)) < end ? ENODATA : 0;
    off_t hole = data < 0 ? static_cast<off_t>(end) : lseek(source, data, SEEK_HOLE);
    if (data < 0 || hole < 0)
      data = static_cast<off_t>(at), hole = static_cast<off_t>(end); // a file system that cannot say
    const uint64_t first = static_cast<uint64_t>(data), last = std::min<uint64_t>(end, static_cast<uint64_t>(hole));
    if (first >= end)
      return 0;
    if (int error = copyData(source, first, target, to + (first - from), last - first))
      return error;
    at = last;
    if (last == static_cast<uint64_t>(lseek(source, 0, SEEK_END)) && last < end)
      return ENODATA;
  }
  return 0;
}

} // namespace tenon::io
