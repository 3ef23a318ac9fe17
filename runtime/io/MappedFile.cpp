#include "runtime/io/MappedFile.h"

#include "runtime/base/Checked.h"
#include "runtime/io/SystemError.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon::io {

static const char *kindName(mode_t mode) {
  if (S_ISDIR(mode))
    return "a directory";
  if (S_ISFIFO(mode))
    return "a pipe";
  if (S_ISSOCK(mode))
    return "a socket";
  return "a device";
}

Result<MappedFile> MappedFile::open(const std::string &path) {
  MappedFile file;
  file.path_ = path;
  // O_NONBLOCK: opening a pipe that nobody writes must fail below, not hang here. It has no effect on regular files.
  do
    file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  while (file.fd_ < 0 && errno == EINTR);
  if (file.fd_ < 0)
    return systemError("open", path, errno);

  struct stat info;
  if (fstat(file.fd_, &info) != 0)
    return systemError("inspect", path, errno);
  if (!S_ISREG(info.st_mode))
    return Status(Code::InvalidFile,
                  "cannot map '" + path + "': expected a regular file, found " + kindName(info.st_mode));

  file.size_ = static_cast<uint64_t>(info.st_size);
  if (file.size_ == 0)
    return file; // mmap refuses length 0
  void *data = mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, file.fd_, 0);
  if (data == MAP_FAILED)
    return systemError("map", path, errno);
  file.data_ = static_cast<const uint8_t *>(data);
  return file;
}

MappedFile MappedFile::view(std::string name, std::span<const uint8_t> bytes) {
  MappedFile file;
  file.path_ = std::move(name);
  file.data_ = bytes.data();
  file.size_ = bytes.size();
  return file;
}

Status MappedFile::read(uint64_t offset, std::span<uint8_t> out) const {
  auto outOfRange = [&](uint64_t end) {
    return Status(Code::InvalidFile, "cannot read '" + path_ + "': bytes " + std::to_string(offset) + " to " +
                                         std::to_string(offset) + " + " + std::to_string(out.size()) +
                                         " are wanted, the file ends at " + std::to_string(end));
  };
  if (!rangeWithin(offset, out.size(), size_))
    return outOfRange(size_);
  if (fd_ < 0) {
    std::copy_n(data_ + offset, out.size(), out.data());
    return Status::ok();
  }
  size_t done = 0;
  while (done < out.size()) {
    // The kernel moves at most 2 GiB - 4 KiB per call; ask for less so that the arithmetic never depends on it.
    size_t chunk = std::min<size_t>(out.size() - done, size_t(1) << 30);
    ssize_t got = pread(fd_, out.data() + done, chunk, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return systemError("read", path_, errno);
    if (got == 0)
      return outOfRange(offset + done);
    done += static_cast<size_t>(got);
  }
  return Status::ok();
}

MappedFile::MappedFile(MappedFile &&other) noexcept { *this = std::move(other); }

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  if (this == &other)
    return *this;
  reset();
  path_ = std::move(other.path_);
  data_ = std::exchange(other.data_, nullptr);
  size_ = std::exchange(other.size_, 0);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

MappedFile::~MappedFile() { reset(); }

void MappedFile::reset() {
  if (data_ && fd_ >= 0)
    munmap(const_cast<uint8_t *>(data_), size_);
  if (fd_ >= 0)
    close(fd_);
  data_ = nullptr;
  fd_ = -1;
}

} // namespace tenon::io
