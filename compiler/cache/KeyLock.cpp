#include "compiler/cache/KeyLock.h"

#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tenon::cache {

// Whoever releases a lock removes its file while it still holds it; a lock on a file without a name is no lock.
static bool isStillNamed(int fd, const std::string &path) {
  struct stat held, named;
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
         held.st_ino == named.st_ino;
}

Result<std::optional<KeyLock>> KeyLock::acquire(const std::string &path, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  auto pause = std::chrono::milliseconds(2);
  for (;;) {
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0 && errno != EINTR)
      return io::systemError("lock", path, errno);
    if (fd >= 0) {
      KeyLock lock(path, fd);
      if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (isStillNamed(fd, path))
          return std::optional<KeyLock>(std::move(lock));
      } else if (errno != EWOULDBLOCK && errno != EINTR) {
        const int error = errno;
        close(std::exchange(lock.fd_, -1));
        return io::systemError("lock", path, error);
      }
      close(std::exchange(lock.fd_, -1)); // not ours: its file stays
    }
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero())
      return std::optional<KeyLock>();
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, pause));
    pause = std::min(pause * 2, std::chrono::milliseconds(100));
  }
}

KeyLock::KeyLock(KeyLock &&other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}

KeyLock &KeyLock::operator=(KeyLock &&other) noexcept {
  if (this == &other)
    return *this;
  release();
  path_ = std::move(other.path_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

void KeyLock::release() {
  if (fd_ < 0)
    return;
  unlink(path_.c_str());
  close(std::exchange(fd_, -1));
}

} // namespace tenon::cache
