#include "tools/cli/StandardStreams.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace tenon::cli {

static bool isOpen(int descriptor) { return fcntl(descriptor, F_GETFD) != -1 || errno != EBADF; }

void reserveStandardStreams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (isOpen(descriptor))
      continue;
    // The lowest free number is this one. Without /dev/null nothing can be said, for want of a place to say it.
    if (open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY) != descriptor)
      std::_Exit(126);
  }
}

bool isStandardInputClosed() {
  // Also after an exec, when the descriptor is the one above.
  const int flags = fcntl(STDIN_FILENO, F_GETFL);
  return flags == -1 || (flags & O_ACCMODE) == O_WRONLY;
}

Status deliverStandardOutput() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout))
    return Status::ok();
  return Status(Code::Resource, "cannot write to standard output: the disk is full or nobody reads it");
}

} // namespace tenon::cli
